// A classic script, so that the page is never painted in the wrong colours first.
(() => {
  try {
    const chosen = localStorage.getItem("tactline.theme");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  } catch {
    // No storage: the device's preference stands.
  }
})();
