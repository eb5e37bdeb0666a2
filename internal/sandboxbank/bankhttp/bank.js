"use strict";
const left = document.getElementById("left");
if (left) {
  const end = Date.now() + Number(left.dataset.seconds) * 1000;
  const show = () => {
    const s = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    left.textContent = String(Math.floor(s / 60)).padStart(2, "0") + ":" +
      String(s % 60).padStart(2, "0");
    if (s === 0) location.reload();
    else setTimeout(show, 250);
  };
  show();
  for (const form of document.forms) {
    form.addEventListener("submit", () => {
      for (const b of document.querySelectorAll("button")) b.disabled = true;
    });
  }
}
const set = document.getElementById("set");
if (set) {
  set.addEventListener("click", async () => {
    const said = document.getElementById("said");
    const answer = await fetch("/faults", { method: "POST",
      headers: { "Content-Type": "application/json" },
      body: document.getElementById("faults").value });
    said.textContent = answer.status === 204 ? "✓" : answer.status + " " + await answer.text();
  });
}
