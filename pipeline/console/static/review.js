"use strict";
/* The review without waiting: the next item is fetched ahead and shown at once, the act goes out
   behind it. What was not written down is told and stays to be repeated; nothing is passed over in
   silence. Without this file the same form works by itself. */
(() => {
  const told = document.getElementById("told");
  let box = document.getElementById("review");
  if (!told || !box) return;

  let ahead = null; // the next page's #review, fetched before it is needed
  let fetching = false;
  let waits = false; // nothing to show: what comes next is shown as it comes
  let line = Promise.resolve(); // acts go out one after the other
  const sending = new Set(); // incidents whose acts are on their way
  let leaves = false; // for another page of the review
  const unsaid = new Map(); // acts that were not written down: the note of each, by incident

  let shownAt = -Infinity;
  let kept = Number(box.dataset.kept); // until when the server keeps our items for us

  const BEAT = 60000;
  const SEEN = 500; // a click so soon after an item came is the second of a double click on the last
  const number = (root) => root.dataset.number;
  const review = (page) => page.getElementById("review");
  /* What the next item must not be: what is shown, and what was dealt with but not written yet. */
  const had = (...more) => [...new Set([...more, ...sending, ...unsaid.keys()])].filter(Boolean).join(",");
  const skipped = () => box.querySelector("input[name=skip]")?.value || "";

  async function ask(address, body) {
    const answer = await fetch(address, { method: body ? "POST" : "GET", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const root = review(page);
    if (root) kept = Math.max(kept, Number(root.dataset.kept));
    return { answer, page, root };
  }

  /* Whoever writes keys on buttons, or counts down, hears of what is new on the page. */
  function tell(fresh) {
    fresh.dispatchEvent(new CustomEvent("htmx:afterSwap", { bubbles: true }));
  }

  function show(root) {
    shownAt = performance.now();
    const fresh = document.adoptNode(root);
    box.replaceWith(fresh);
    box = fresh;
    waits = false;
    tell(box);
    mark();
    document.title = document.title.replace(/^[^·]*/, number(box) ? `Проверка: № ${number(box)} ` : "Проверка ");
    scrollTo(0, 0);
    box.querySelector("h1")?.focus({ preventScroll: true });
  }

  /* What was dealt with a moment ago may still come back as the next one: its act is on its way. */
  const usable = (root) =>
    !number(root) || ![number(box), ...sending, ...unsaid.keys()].includes(number(root));

  /* The next item is kept for this person from here on, as the one on the page is. */
  async function fetchAhead() {
    if (ahead || fetching || !number(box)) return;
    fetching = true;
    try {
      const address = `/review?${new URLSearchParams({ skip: skipped(), ahead: had(number(box)) })}`;
      const { answer, root } = await ask(address);
      if (answer.ok && root && usable(root) && !ahead) ahead = root;
      if (waits && ahead) turn();
    } catch {
      if (waits && !sending.has(number(box))) location.assign("/review"); // the browser tells why
    } finally {
      fetching = false;
    }
  }

  function turn() {
    const root = ahead;
    ahead = null;
    if (root && usable(root)) {
      show(root);
    } else {
      waits = true;
      box.setAttribute("aria-busy", "true");
    }
  }

  function button(title, then) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = title;
    made.addEventListener("click", then);
    return made;
  }

  function forget(item) {
    unsaid.get(item)?.remove();
    unsaid.delete(item);
  }

  /* The truth about an act that was not written down, with a way to go on. */
  function fail(sent, why, root) {
    forget(sent.number);
    const note = document.createElement("p");
    note.className = "note bad";
    note.setAttribute("role", "alert");
    const words = document.createElement("span");
    words.textContent = `№ ${sent.number}: ${why}`;
    const again = root
      ? button("Показать", () => {
          forget(sent.number);
          ahead = null;
          show(root);
          fetchAhead();
        })
      : button("Повторить", () => {
          forget(sent.number);
          queue(sent, true);
        });
    note.append(words, again);
    unsaid.set(sent.number, note);
    told.append(note);
    if (!waits || number(box) !== sent.number) return;
    // There was nothing to go on to: the item is still here.
    waits = false;
    box.removeAttribute("aria-busy");
    if (root) {
      forget(sent.number);
      show(root);
    }
  }

  async function freshToken() {
    const { page } = await ask("/keys");
    return page.querySelector("input[name=form_token]")?.value;
  }

  function queue(sent, again) {
    sending.add(sent.number);
    line = line.then(() => send(sent, again)).then(() => {
      sending.delete(sent.number);
      fetchAhead();
    });
  }

  async function send(sent, again) {
    const body = new URLSearchParams(sent.body);
    const others = had(number(box)).split(",").filter((one) => one !== sent.number);
    body.set("ahead", others.join(","));
    try {
      if (again) body.set("form_token", (await freshToken()) || body.get("form_token"));
      const { answer, page, root } = await ask(sent.address, body);
      if (new URL(answer.url).pathname === "/sign-in") {
        fail(sent, "вход устарел, ничего не записано. Войдите в другой вкладке и повторите.");
      } else if (!answer.ok && root) {
        fail(sent, root.querySelector(".trouble p")?.textContent || "не записано.", root);
      } else if (!answer.ok || !root) {
        const words = page.querySelector("main h1")?.textContent || `ошибка ${answer.status}`;
        fail(sent, `${words}. Проверьте, записано ли, или повторите: дважды не запишется.`);
      } else {
        offer(page);
        if (!waits && number(box) === sent.number) turn(); // repeated from its own page
        take(root);
      }
    } catch {
      fail(sent, "нет связи, неизвестно, записано ли. Повторите, когда она будет: дважды не запишется.");
    }
  }

  function take(root) {
    if (!usable(root)) return;
    if (waits) show(root);
    else ahead = ahead || root;
  }

  /* What can be taken back is offered by the answer's own page. */
  function offer(page) {
    const fresh = page.querySelector("aside.offer");
    if (!fresh) return; // what was offered before stays for its time
    document.querySelectorAll("aside.offer").forEach((old) => old.remove());
    document.body.append(document.adoptNode(fresh));
    tell(fresh);
  }

  /* Whether the button agrees or corrects is seen before it is pressed. */
  function mark() {
    const form = box.querySelector("form[data-review]");
    const go = form?.querySelector("[data-agree]");
    if (!go) return;
    const fields = () =>
      ["topic", "other_topic", "settlement", "urgent"].map((name) => new FormData(form).get(name) || "").join("\n");
    const title = (words) => { go.firstChild.textContent = words; };
    const before = fields();
    form.addEventListener("change", (event) => {
      if (event.target.name === "topic") form.elements.other_topic.value = "";
      title(fields() === before ? go.dataset.agree : go.dataset.correct);
      form.querySelector(".judge").classList.toggle("away", Boolean(form.elements.other_topic.value));
    });
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-review]")) {
      if (/^\/(undo|review)\b/.test(form.getAttribute("action") || "")) leaves = true;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (waits) return; // heard already
    const sent = {
      number: number(box),
      address: form.getAttribute("action"),
      body: new URLSearchParams(new FormData(form, event.submitter)),
    };
    forget(sent.number);
    turn();
    queue(sent, false);
  }, true);

  async function beat() {
    const mine = [box, ahead].filter((root) => root && number(root));
    if (!mine.length || document.hidden) return;
    const body = new URLSearchParams({ form_token: box.dataset.token, numbers: mine.map(number).join(",") });
    try {
      const answer = await fetch("/review/lease", { method: "POST", body });
      if (!answer.ok || new URL(answer.url).pathname !== "/review/lease") return;
      const said = await answer.json();
      kept = Math.max(kept, said.kept);
      const next = ahead && said[number(ahead)];
      if (next && ahead && (next.looker || String(next.version) !== ahead.dataset.version)) {
        ahead = null;
        fetchAhead();
      }
      const now = said[number(box)];
      if (now?.looker) warn(`Его уже смотрит ${now.looker}: страница долго была закрыта.`);
      else if (now && String(now.version) !== box.dataset.version) warn("Пока вы смотрите, инцидент изменился.");
    } catch {
      /* The act itself will tell that there is no connection. */
    }
  }

  function warn(text) {
    if (box.querySelector(".changed")) return;
    const note = document.createElement("p");
    note.className = "note warn changed";
    note.setAttribute("role", "status");
    const link = document.createElement("a");
    link.href = `/review/${number(box)}`;
    link.textContent = "Посмотреть, что сейчас";
    note.append(`${text} `, link);
    box.querySelector(".review-head")?.after(note);
  }

  document.addEventListener("click", (event) => {
    const byHand = event.detail > 0 && box.contains(event.target);
    if (byHand && performance.now() - shownAt < SEEN) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const link = event.target instanceof Element && event.target.closest("a[href]");
    if (link && link.pathname.startsWith("/review")) leaves = true; // still in the review
  }, true);
  addEventListener("beforeunload", (event) => {
    if (sending.size || unsaid.size) event.preventDefault();
  });
  addEventListener("pagehide", () => {
    const mine = [box, ahead].filter((root) => root && number(root)).map(number);
    if (leaves || !mine.length) return;
    const body = new URLSearchParams({ form_token: box.dataset.token, numbers: mine.join(","), leave: "yes", kept });
    navigator.sendBeacon("/review/lease", body);
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.addEventListener("visibilitychange", beat);
  setInterval(beat, BEAT);
  mark();
  beat();
  fetchAhead();
})();
