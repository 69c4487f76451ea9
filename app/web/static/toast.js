/** Short notices that go by themselves. */

/**
 * @param {HTMLElement} element of role "status"
 * @returns {(text: string) => void}
 */
export function toaster(element) {
  let timer = 0;
  return (text) => {
    element.textContent = text;
    element.dataset.shown = "";
    clearTimeout(timer);
    timer = window.setTimeout(() => delete element.dataset.shown, 5000);
  };
}
