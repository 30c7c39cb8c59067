"use strict";
// What all pages share. A form that is being sent is not sent twice; one with data-send keeps what
// was typed when the network or the session is lost, and says what is known of it. The server
// decides in any case: it hears a button that was pressed twice once.
(() => {
  const PATIENCE = 20000; // milliseconds for an answer
  const FORGET = 8000; // after which a plain form may be sent again: its answer never came

  // --- Sending ---
  function release(form) {
    delete form.dataset.sending;
    form.removeAttribute("aria-busy");
  }

  function tell(form, text, buttons) {
    silence(form);
    const line = document.createElement("div");
    line.className = "unsent";
    line.setAttribute("role", "alert");
    const words = document.createElement("b");
    words.textContent = text;
    line.append(words, ...buttons);
    if (form.matches("main")) form.prepend(line);
    else form.append(line);
    line.scrollIntoView({ block: "nearest" });
  }

  function silence(form) {
    for (const line of form.querySelectorAll(".unsent")) line.remove();
  }

  function link(text, href) {
    const made = document.createElement("a");
    Object.assign(made, { textContent: text, href, target: "_blank", rel: "noopener" });
    return made;
  }

  function again(form, submitter, before) {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", textContent: "Повторить" });
    made.addEventListener("click", async () => {
      silence(form);
      if (!before || (await before())) send(form, submitter);
      else lost(form, submitter);
    });
    return made;
  }

  function lost(form, submitter) {
    tell(form, "Нет связи: неизвестно, записано ли. Текст на странице сохранён.", [
      link("Проверить", location.href),
      again(form, submitter),
    ]);
  }

  // Whoever signs in again has other form tokens: this page's own are taken from a fresh copy.
  async function renew() {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const token = fresh.querySelector("input[name=form_token]");
      if (answer.ok && token && new URL(answer.url).pathname !== "/sign-in") {
        for (const known of document.querySelectorAll("input[name=form_token]")) {
          known.value = token.value;
        }
      }
      return true;
    } catch {
      return false;
    }
  }

  function body(form, submitter) {
    const data = new FormData(form);
    if (submitter && submitter.name) data.append(submitter.name, submitter.value);
    return form.enctype === "multipart/form-data" ? data : new URLSearchParams(data);
  }

  async function send(form, submitter) {
    if (form.dataset.sending) return;
    form.dataset.sending = "1";
    form.setAttribute("aria-busy", "true");
    silence(form);
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE);
    try {
      const answer = await fetch((submitter && submitter.getAttribute("formaction")) || form.getAttribute("action") || location.href, {
        method: "POST",
        body: body(form, submitter),
        headers: { Accept: "text/html" },
        signal: patience.signal,
      });
      arrived(form, submitter, answer);
    } catch {
      release(form);
      lost(form, submitter);
    } finally {
      clearTimeout(timer);
    }
  }

  function arrived(form, submitter, answer) {
    if (answer.redirected && new URL(answer.url).pathname === "/sign-in") {
      release(form);
      tell(form, "Вход устарел, поэтому ничего не записано. Текст на странице сохранён.", [
        link("Войти в новой вкладке", "/sign-in"),
        again(form, submitter, renew),
      ]);
    } else if (answer.redirected) {
      go(new URL(answer.url), form.dataset.send);
    } else if (answer.status >= 500) {
      release(form);
      tell(form, `Сервер ответил ошибкой ${answer.status}: неизвестно, записано ли. Текст на странице сохранён.`, [
        link("Проверить", location.href),
        again(form, submitter),
      ]);
    } else if (answer.status === 403) {
      release(form);
      tell(form, "Страница устарела или действие вам не разрешено: ничего не записано.", [
        link("Проверить", location.href),
        again(form, submitter, renew),
      ]);
    } else {
      // Nothing was stored: the server's own page says why, and shows what was typed.
      plainly(form, submitter);
    }
  }

  // A fetched answer has lost its anchor: the form names it. Where only the anchor would change, or
  // nothing, the address alone loads nothing anew.
  function go(target, anchor) {
    target.hash = anchor;
    const here = target.pathname + target.search === location.pathname + location.search;
    if (!here) return location.assign(target);
    history.replaceState(history.state, "", target);
    return location.reload();
  }

  function plainly(form, submitter) {
    const chosen = document.createElement("input");
    if (submitter && submitter.name) {
      Object.assign(chosen, { type: "hidden", name: submitter.name, value: submitter.value });
      form.append(chosen);
    }
    if (submitter && submitter.getAttribute("formaction")) form.action = submitter.getAttribute("formaction");
    HTMLFormElement.prototype.submit.call(form);
    chosen.remove();
    setTimeout(() => release(form), FORGET);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sending) {
      event.preventDefault();
    } else if (form.hasAttribute("data-send")) {
      event.preventDefault();
      send(form, event.submitter);
    } else {
      form.dataset.sending = "1";
      form.setAttribute("aria-busy", "true");
      setTimeout(() => release(form), FORGET);
    }
  });

  // What htmx asks for by itself must not put the door into the middle of a page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const from = event.detail.xhr.responseURL;
    if (!from || new URL(from).pathname !== "/sign-in" || location.pathname === "/sign-in") return;
    event.detail.shouldSwap = false;
    const main = document.querySelector("main");
    if (main.querySelector(":scope > .unsent")) return;
    tell(main, "Вход устарел: страница больше не обновляется.", [
      link("Войти в новой вкладке", "/sign-in"),
    ]);
  });

  // A page that comes back from the browser's memory is not sending anything any more.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-sending]").forEach(release);
  });

  // --- The offer to take back ---
  function count(offer) {
    let left = Number(offer.dataset.offer);
    const shown = offer.querySelector("[data-left]");
    const tick = () => {
      if (!offer.isConnected) return;
      // Whoever is at it, or was told that it failed, still needs it.
      const busy = offer.matches(":hover, :focus-within") || offer.querySelector("[data-sending], .unsent");
      if (!busy) left -= 1;
      if (left <= 0) offer.remove();
      else {
        shown.textContent = `${left} с`;
        setTimeout(tick, 1000);
      }
    };
    shown.textContent = `${left} с`;
    setTimeout(tick, 1000);
  }

  function offers(root) {
    for (const offer of root.querySelectorAll("[data-offer]")) {
      if (!offer.dataset.counted) {
        offer.dataset.counted = "1";
        count(offer);
      }
    }
  }
  offers(document);
  document.addEventListener("htmx:afterSwap", () => offers(document));
})();
