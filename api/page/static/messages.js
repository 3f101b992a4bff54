// One message at a time, shown and read aloud. The regions are part of the document from its start: only then do
// screen readers notice what changes in them.

const SHOWN_MS = 7000;
let timer = 0;

export function say(text) {
  show("status", text);
  timer = setTimeout(clear, SHOWN_MS);
}

// Stays until the next message: who reads slowly must not miss why something was refused.
export function complain(text) {
  show("alert", text);
}

// Only read aloud: for what is on the screen already.
export function whisper(text) {
  show("status", text, "spoken");
  timer = setTimeout(clear, SHOWN_MS);
}

function show(role, text, look = "") {
  clear();
  const message = document.createElement("p");
  message.textContent = text;
  message.className = look;
  if (!look) message.append(dismissal());
  document.querySelector(`#messages [role=${role}]`).append(message);
}

function dismissal() {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Dismiss";
  button.addEventListener("click", clear);
  return button;
}

function clear() {
  clearTimeout(timer);
  for (const region of document.querySelectorAll("#messages [role]")) region.replaceChildren();
}
