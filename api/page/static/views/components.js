// Components and functions that several views share.
import { act, isSending } from "../actions.js";
import { alertError } from "../messages.js";
import { Component, html } from "../lib.js";
import { state, update } from "../store.js";
import { clock, count, name, tell } from "../text.js";

export const ENCHANTMENT = { price: 60, power: 10 };

let ids = 0;

// A button for an action. If the action is not possible now, pressing the button shows the reason. The button is not
// disabled in that case, so that the keyboard still reaches it.
export class Act extends Component {
  id = `reason-${(ids += 1)}`;

  render({ words, label, children, reason, showReason = true, method = "POST", path, body, run, look = "" }) {
    const busy = isSending(words);
    const blocked = reason || busy;
    const press = () => {
      if (reason) alertError(`${words}: ${reason}`);
      else if (!busy) (run ?? (() => act(words, method, path, body)))();
    };
    return html`<span class="act">
      <button type="button" class=${look} aria-disabled=${blocked ? "true" : null} aria-label=${label}
        aria-describedby=${reason && showReason ? this.id : null} onClick=${press}>
        ${busy ? "Sending …" : children}
      </button>
      ${reason && showReason && html`<small id=${this.id} class="reason">${reason}</small>`}
    </span>`;
  }
}

// A bar that shows the available amount and, hatched, the held amount. The same numbers stand beside the bar as text.
export function Bar({ label, available, held = 0, most, text }) {
  const share = (part) => `${Math.min(100, (100 * part) / Math.max(1, most))}%`;
  return html`<span class="bar" role="meter" aria-label=${label} aria-valuenow=${available} aria-valuemin="0"
    aria-valuemax=${most} aria-valuetext=${text}>
    <span class="full" style=${{ width: share(available) }}></span>
    <span class="kept" style=${{ width: share(held) }}></span>
  </span>`;
}

export class Field extends Component {
  id = `field-${(ids += 1)}`;

  render({ label, hint, children, options, ...input }) {
    const described = hint ? `${this.id}-hint` : null;
    return html`<div class="field">
      <label for=${this.id}>${label}</label>
      ${
        options
          ? html`<select id=${this.id} aria-describedby=${described} ...${input}>
            ${options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}
          </select>`
          : html`<input id=${this.id} aria-describedby=${described} autocomplete="off" ...${input} />`
      }
      ${hint && html`<small id=${described}>${hint}</small>`}
    </div>`;
  }
}

// A form that calls `run` with an object of its fields. The form is cleared if `run` returns true.
export function Form({ run, label, button, children, look = "", reason = "" }) {
  const submit = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (reason) return alertError(reason);
    if (await run(Object.fromEntries(new FormData(form)))) form.reset();
    return undefined;
  };
  return html`<form aria-label=${label} onSubmit=${submit}>
    ${children}
    <button type="submit" class=${look} aria-disabled=${reason ? "true" : null}>${button}</button>
    ${reason && html`<small class="reason">${reason}</small>`}
  </form>`;
}

export function Events({ events, me, label, empty, realm = false }) {
  if (!events.length) return html`<p class="quiet">${empty}</p>`;
  return html`<ol class="events" aria-label=${label}>
    ${events.map(
      (event) => html`<li key=${`${event.realm ?? ""}/${event.offset}`}
        class=${event.player !== me && !realm ? "theirs" : ""}>
        <time datetime=${event.time}>${clock(event.time)}</time>
        <span>${tell(event, me)}${event.status !== "settled" ? ` (${event.status})` : ""}
          <small>${realm ? `realm ${event.realm}, ` : ""}${name(event.type)}, offset ${count(event.offset)}</small>
        </span>
      </li>`,
    )}
  </ol>`;
}

// Explains the words `pending`, `held`, `settled` and `available`, which have the same meaning on the whole page.
export function Glossary({ open = false }) {
  return html`<details class="glossary" open=${open}>
    <summary>What do pending, held and settled mean?</summary>
    <dl>
      <dt>pending</dt>
      <dd>The server has accepted your action and written it to the log. It will happen, but is not settled yet.</dd>
      <dt>held</dt>
      <dd>What a pending action takes is set aside at once, so that nothing can be spent twice.</dd>
      <dt>settled</dt>
      <dd>The action is done: the hold is gone, and the balances of all players have changed.</dd>
      <dt>available</dt>
      <dd>The settled amount minus what is held. You can spend it now.</dd>
    </dl>
  </details>`;
}

// Asks the player for confirmation before an action that cannot be undone.
export function ask(title, text, yes, run) {
  update({ dialog: { title, text, yes, run } });
}

export class Dialog extends Component {
  shown = (element) => {
    if (element && !element.open) element.showModal();
  };

  render() {
    const { title, text, yes, run } = state.dialog;
    const close = (event) => {
      event.currentTarget.closest("dialog").close();
      update({ dialog: null });
    };
    const accept = (event) => {
      close(event);
      run();
    };
    return html`<dialog ref=${this.shown} aria-labelledby="dialog-title" onCancel=${() => update({ dialog: null })}>
      <article>
        <h2 id="dialog-title">${title}</h2>
        <p>${text}</p>
        <footer>
          <button type="button" class="secondary" onClick=${close}>No, go back</button>
          <button type="button" onClick=${accept}>${yes}</button>
        </footer>
      </article>
    </dialog>`;
  }
}

export function account(key) {
  return state.inventory?.accounts[key] ?? { settled: 0, held: 0, available: 0 };
}

// Returns all items that a player can own: the items that the shop sells, and the enchanted form of each sword. The
// enchanted swords have the same names, powers and prices as in game/catalogue.py.
export function allItems() {
  return (state.shop?.items ?? []).flatMap((item) => (item.kind === "sword" ? [item, enchanted(item)] : [item]));
}

function enchanted(sword) {
  return {
    ...sword,
    item: `enchanted_${sword.item}`,
    base: sword.item,
    power: sword.power + ENCHANTMENT.power,
    sells_for: Math.floor((sword.price + ENCHANTMENT.price) / 2),
  };
}

// Returns the items that the player owns: all of them, or only those of one kind.
export function owned(kind = null) {
  const items = allItems().filter(({ item }) => account(`item:${item}`).settled > 0);
  return kind ? items.filter((item) => item.kind === kind) : items;
}

export function isDown() {
  return Boolean(state.inventory) && account("health").settled === 0;
}
