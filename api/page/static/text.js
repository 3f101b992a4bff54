// Describes events and amounts in words.

const WORDS = {
  player_registered: (d) => `joined the realm with ${gold(d.gold)}`,
  player_left: () => "left the realm permanently",
  signed_in: () => "signed in",
  inventory_viewed: () => "looked at the inventory",
  shop_viewed: () => "looked at the shop",
  sword_bought: (d) => `bought ${some(d.item ?? d.sword, d.quantity)} for ${gold(d.price * (d.quantity ?? 1))}`,
  item_bought: (d) => `bought ${some(d.item, d.quantity)} for ${gold(d.price * d.quantity)}`,
  item_sold: (d) => `sold ${some(d.item, d.quantity)} for ${gold(d.price * d.quantity)}`,
  sword_enchanted: (d) => `enchanted ${article(d.sword)} for ${gold(d.price)}`,
  gold_claimed: (d) => `claimed ${gold(d.gold)} of daily gold`,
  player_struck: (d, me) => `struck ${you(d.target, me)} with ${article(d.sword)} for ${d.damage} health`,
  player_defeated: (d, me) => `defeated ${you(d.target, me)} with ${article(d.sword)} and won ${gold(d.bounty)}`,
  potion_drunk: (d) => `drank ${article(d.potion)} and healed ${d.healed}`,
  player_revived: (d) => `was revived with ${d.health} health for ${gold(d.price)}`,
  gift_given: (d, me) => `gave ${goods(d)} to ${you(d.to, me)}`,
  trade_offered: (d, me) => `offered ${you(d.to, me)} ${goods(d, "give_")} for ${goods(d, "want_")}`,
  trade_made: (d, me) => `traded with ${you(d.with, me)}: got ${goods(d, "give_")} for ${goods(d, "want_")}`,
  trade_withdrawn: (d, me) => `withdrew the offer to ${you(d.with, me)}`,
  trade_declined: (d, me) => `declined the offer of ${you(d.with, me)}`,
  quest_rewarded: (d) => `got ${gold(d.gold)} for the quest “${name(d.quest)}”`,
  guild_founded: (d) => `founded the guild ${d.guild}`,
  guild_joined: (d) => `joined the guild ${d.guild}`,
  guild_left: (d) => `left the guild ${d.guild}${d.leader ? `; ${d.leader} leads it now` : ""}`,
  leader_changed: (d, me) => `made ${you(d.leader, me)} the leader of ${d.guild}`,
  gold_deposited: (d) => `put ${gold(d.gold)} into the treasury of ${d.guild}`,
  gold_paid_out: (d, me) => `paid ${gold(d.gold)} of the treasury to ${you(d.to, me)}`,
  actions_batched: (d) => `did ${d.actions} actions at once`,
  void: () => "had an action cancelled, because it did not reach the log in time",
};

// Describes an event, such as "You struck bob with an iron sword for 15 health".
export function tell(event, me) {
  const words = WORDS[event.type];
  const actor = event.player === me ? "You" : event.player || "The game";
  return `${actor} ${words ? words(event.details ?? {}, me) : name(event.type)}`;
}

// Returns an identifier as words: "iron sword" for iron_sword.
export function name(identifier) {
  return String(identifier).replaceAll("_", " ");
}

export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function gold(amount) {
  return `${count(amount)} gold`;
}

export function count(number) {
  return number === null || number === undefined ? "–" : number.toLocaleString("en");
}

// Returns a number with its noun, such as "3 events" or "1 event".
export function plural(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

export function clock(time) {
  return new Date(time).toLocaleTimeString("en-GB");
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

// Describes a gift or one side of a trade. `details` are the details of an event, or an offer.
export function goods(details, prefix = "") {
  const parts = [];
  if (details[`${prefix}gold`]) parts.push(gold(details[`${prefix}gold`]));
  if (details[`${prefix}item`]) parts.push(some(details[`${prefix}item`], details[`${prefix}quantity`]));
  return parts.join(" and ") || "nothing";
}

function some(item, quantity = 1) {
  return quantity === 1 ? article(item) : `${quantity} ${name(item)}s`;
}

function article(item) {
  return `${/^[aeiou]/.test(item) ? "an" : "a"} ${name(item)}`;
}

function you(player, me) {
  return player === me ? "you" : player;
}
