/** The playground: a page, its form and its field around a workbench. */

import { storage } from "./browser.js";
import { Client } from "./client.js";
import { Dismissed } from "./dismissed.js";
import { PageHost } from "./host.js";
import { acceptDrops, acceptFiles, readFile } from "./intake.js";
import { Page, byId } from "./page.js";
import { toaster } from "./toast.js";
import { choose, load } from "./words.js";
import { Workbench } from "./workbench.js";

const CREDENTIAL = "tactline.key";

class App {
  /**
   * @param {Page} page
   * @param {import("./types.js").Words} words
   */
  constructor(page, words) {
    this.page = page;
    this.words = words;
    this.host = new PageHost(byId("text"), byId("layer"));
    this.client = new Client({
      credential: () => storage("sessionStorage")?.getItem(CREDENTIAL) ?? null,
      language: () => this.words.language,
    });
    const said = byId("said");
    this.bench = new Workbench({
      host: this.host,
      client: this.client,
      dismissed: new Dismissed(storage("localStorage")),
      panel: page.panel,
      review: page.review,
      words: () => this.words,
      request: (text) => page.request(text),
      toast: toaster(byId("toast")),
      told: (text) => {
        if (said.textContent !== text) said.textContent = text;
      },
      actions: {
        example: () => this.example(),
        key: ({ key }) => {
          storage("sessionStorage")?.setItem(CREDENTIAL, key);
          this.bench.reviewer.schedule(0);
        },
      },
    });
  }

  start() {
    const { page, host, bench } = this;
    page.speak(this.words);
    for (const field of [page.subject, page.context, page.value, page.currency]) {
      field.addEventListener("input", () => bench.reviewer.schedule());
    }
    for (const choice of document.querySelectorAll("input[name=direction]")) {
      choice.addEventListener("change", () => this.#turned());
    }
    page.language.addEventListener("change", () => this.speak(page.language.value));
    byId("clear").addEventListener("click", () => this.clear());
    acceptFiles(byId("file"), (chosen) => this.open(chosen));
    host.field.addEventListener("click", () => bench.activate(bench.at(host.cursor()), true));
    host.field.addEventListener("keyup", () => bench.activate(bench.at(host.cursor()), false));
    document.addEventListener("keydown", (event) => bench.key(event));
    window.addEventListener("online", () => bench.failure?.kind === "away" && bench.reviewer.schedule(0));
    acceptDrops((dropped) => this.open(dropped));
    bench.start();
  }

  /** @param {string} language */
  async speak(language) {
    this.words = await load(language);
    this.page.rememberLanguage(language);
    this.page.speak(this.words);
    this.bench.render();
    this.bench.reviewer.schedule(0);
  }

  // Getting a mail in

  /** @param {string} text */
  #load(text) {
    this.bench.ledger.clear();
    this.host.replace(0, this.host.text().length, text);
    this.host.select(0, 0);
    this.bench.reviewer.schedule(0);
  }

  /** @param {File} file */
  async open(file) {
    try {
      const { subject, text } = await readFile(file, this.client, this.page.direction);
      if (subject !== null) this.page.subject.value = subject;
      this.#load(text);
    } catch (error) {
      this.bench.reviewer.failed(error);
    }
  }

  example() {
    const { page, words } = this;
    page.direction = "outgoing";
    page.subject.value = words.say("example-subject");
    page.context.value = words.say("example-context");
    byId("more").setAttribute("open", "");
    page.speak(words);
    this.#load(words.say("example-text"));
  }

  clear() {
    this.page.subject.value = this.page.context.value = this.page.value.value = "";
    this.#load("");
  }

  #turned() {
    this.page.speak(this.words);
    this.bench.reviewer.schedule(0);
  }
}

const page = new Page(storage("localStorage"));
const remembered = page.rememberedLanguage;
const words = await load(choose(remembered ? [remembered] : navigator.languages));
new App(page, words).start();
