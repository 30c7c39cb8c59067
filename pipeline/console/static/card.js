"use strict";
// The card works without this file; with it, the length of an answer is counted while it is
// written, a template is inserted when it is chosen, and a form that opens has the cursor in it.
(() => {
  const counted = text => [...text.replace(/\r\n?/g, "\n").trim()].length;

  const count = field => {
    const told = document.getElementById("answer-counter");
    if (!told) return;
    const final = field.form.querySelector("[name=kind][value=final]")?.checked;
    const limit = Number(field.dataset.limit) - (final ? Number(field.dataset.linkRoom) : 0);
    const left = limit - counted(field.value);
    told.textContent = left < 0 ? `Длиннее, чем можно, на ${-left}` : `Осталось знаков: ${left}`;
    told.classList.toggle("over", left < 0);
    told.hidden = false;
  };

  const write = field => {
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
    field.scrollIntoView({ block: "center" });
  };

  const recount = () => {
    const field = document.getElementById("answer-text");
    if (field) count(field);
  };

  document.addEventListener("input", event => {
    if (event.target.closest?.("#answer form")) recount();
  });

  document.addEventListener("change", event => {
    const chosen = event.target;
    if (!chosen.matches?.("select[data-at-once]") || !chosen.value) return;
    chosen.form.requestSubmit(chosen.form.querySelector("button[value=template]"));
  });

  document.addEventListener("toggle", event => {
    const fold = event.target;
    if (!fold.open || !fold.matches?.("details.fold")) return;
    fold.querySelector("select, textarea, input:not([type=hidden])")?.focus();
  }, true);

  document.addEventListener("click", event => {
    const link = event.target.closest?.('a[href="#answer-text"]');
    const field = document.getElementById("answer-text");
    if (!link || !field) return;
    event.preventDefault();
    write(field);
  });

  recount();
  const begun = document.querySelector("#answer-text[autofocus]");
  if (begun) write(begun);
})();
