"use strict";
/* Keys by where they lie. The table that the page carries binds them, and «?» shows that very table. */
(() => {
  const carried = document.getElementById("keys");
  if (!carried) return;
  const table = JSON.parse(carried.dataset.keys);
  const names = new Map(table.map(([name, code]) => [code, name]));
  const shown = new Map(table.map(([name, , letters]) => [name, letters]));
  let help = null;
  const TYPING = "input:not([type=radio], [type=checkbox], [type=submit], [type=button]), textarea, select, [contenteditable]";
  const PRESSED = "button, a, summary, input[type=radio], input[type=checkbox], input[type=submit]";

  const visible = (element) => element.getClientRects().length > 0 && !element.disabled;
  const find = (name, root = document) =>
    [...root.querySelectorAll(`[data-key="${name}"]`)].find(visible);

  /* Keys work only with scripts, so it is a script that writes them on the buttons. */
  function label(root) {
    for (const element of root.querySelectorAll("[data-key]")) {
      const letters = shown.get(element.dataset.key);
      if (!letters) continue;
      element.setAttribute("aria-keyshortcuts", letters.split(" / ").pop());
      const box = element.matches("input") ? element.closest("label") : element;
      if (!box || element.dataset.keyQuiet !== undefined || box.matches("textarea, select, input")) continue;
      if (box.querySelector("kbd")) continue;
      const kbd = document.createElement("kbd");
      kbd.textContent = letters;
      kbd.setAttribute("aria-hidden", "true");
      box.append(kbd);
    }
  }

  function press(element) {
    if (!element.matches(PRESSED)) {
      element.focus();
      if (element.select) element.select();
      return;
    }
    element.click();
    if (element.matches("summary") && element.parentElement.open) {
      element.parentElement.querySelector("textarea, select, button, input:not([type=hidden])")?.focus();
    }
  }

  function walk(step) {
    const rows = [...document.querySelectorAll("[data-key-row]")].filter(visible);
    if (!rows.length) return;
    const now = rows.indexOf(document.activeElement?.closest("[data-key-row]"));
    const place = now < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(now + step, 0), rows.length - 1);
    const row = rows[place];
    const target = row.querySelector("[data-key=open], a[href], button") || row;
    if (target === row) row.tabIndex = -1;
    target.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function made(tag, words, ...inside) {
    const element = document.createElement(tag);
    element.textContent = words;
    element.append(...inside);
    return element;
  }

  function describe() {
    const groups = document.createElement("div");
    groups.className = "groups";
    for (const scope of new Set(table.map((row) => row[4]))) {
      const rows = table.filter((row) => row[4] === scope);
      const list = made("ul", "", ...rows.map((row) => made("li", `${row[3]} `, made("kbd", row[2]))));
      groups.append(made("section", "", made("h3", scope), list));
    }
    const title = made("h2", "Клавиши");
    title.id = "keys-title";
    const change = made("a", "Изменить клавиши");
    change.href = "/keys";
    const form = made("form", "", made("button", "Закрыть"), change);
    form.method = "dialog";
    form.className = "row-of";
    const dialog = made("dialog", "", title, groups, form);
    dialog.className = "keys-help";
    dialog.setAttribute("aria-labelledby", "keys-title");
    document.body.append(dialog);
    return dialog;
  }

  function toggle() {
    help = help || describe();
    if (help.open) help.close();
    else help.showModal();
  }

  function act(name) {
    if (name === "help") return toggle();
    if (help?.open) return undefined;
    if (name === "next" || name === "previous") return walk(name === "next" ? 1 : -1);
    const row = document.activeElement?.closest("[data-key-row]");
    const element = (row && find(name, row)) || find(name);
    return element && press(element);
  }

  /* An open list of choices takes the digits: «отложить», then «2». */
  function choose(code) {
    const open = document.querySelector("details[open][data-digits]");
    const digit = open && /^Digit([1-9])$/.exec(code);
    const button = digit && [...open.querySelectorAll("button")].filter(visible)[digit[1] - 1];
    if (button) button.click();
    return Boolean(digit);
  }

  function leave(element) {
    if (element.matches(TYPING)) return element.blur();
    const open = element.closest("details[open][data-digits]") || document.querySelector("details[open][data-digits]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
    return undefined;
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const at = event.target instanceof Element ? event.target : document.body;
    if (event.key === "Escape") {
      if (!help?.open) leave(at);
      return;
    }
    if (at.matches(TYPING)) return;
    if (event.key === "?") {
      event.preventDefault();
      act("help");
      return;
    }
    if (event.shiftKey) return;
    const code = event.code.replace("Numpad", "Digit");
    const name = names.get(code);
    if (event.repeat && name !== "next" && name !== "previous") return;
    if (!help?.open && choose(code)) {
      event.preventDefault();
    } else if (name) {
      event.preventDefault();
      act(name);
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => label(event.target));
  label(document);
})();
