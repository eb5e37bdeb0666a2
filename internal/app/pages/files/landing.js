// The landing page: is it running, and what is on. Everything comes over the public API and
// is put into the page as text, never as markup.

const kinds = {
  film: '电影 Film', play: '话剧 Play', opera: '戏曲歌剧 Opera', dance: '舞蹈 Dance',
  concert: '音乐会 Concert', talk: '讲座 Talk', exhibition: '展览 Exhibition',
  attraction: '景点 Attraction', tour: '导览 Tour',
};
const at = (id) => document.getElementById(id);

// node makes an element of a class around texts and other elements.
function node(tag, name, ...parts) {
  const e = document.createElement(tag);
  if (name) e.className = name;
  e.append(...parts.filter((p) => p !== null && p !== ''));
  return e;
}

function english(text) {
  const e = node('span', '', text);
  e.lang = 'en';
  return e;
}

function poster(card) {
  const box = node('div', 'poster');
  const letter = () => box.replaceChildren([...card.title][0] ?? '·');
  if (!card.poster_url) {
    letter();
    return box;
  }
  const img = document.createElement('img');
  img.alt = '';
  img.loading = 'lazy';
  img.addEventListener('error', letter);
  img.src = card.poster_url;
  box.append(img);
  return box;
}

function price(card) {
  if (card.price_from_minor === undefined || card.price_from_minor === null) return null;
  const money = new Intl.NumberFormat('zh-CN', {
    style: 'currency', currency: card.currency || 'CNY', minimumFractionDigits: 0,
  });
  if (card.price_from_minor === 0) return node('p', 'price', '免费 Free');
  const digits = money.resolvedOptions().maximumFractionDigits;
  return node('p', 'price', `${money.format(card.price_from_minor / 10 ** digits)} 起`);
}

function next(card) {
  if (!card.next_session_at) return null;
  const when = new Date(card.next_session_at).toLocaleString('zh-CN', {
    timeZone: card.next_time_zone, // the venue's, wherever the reader is
    month: 'numeric', day: 'numeric', weekday: 'short', hour: '2-digit', minute: '2-digit',
  });
  return node('p', '', when);
}

function cardOf(card) {
  const place = card.venues?.[0];
  const where = place ? [place.city, place.name].filter(Boolean).join(' · ') : '';
  const title = node('h3', '', card.title);
  const text = node('div', 'text', title,
    card.title_en ? node('p', '', english(card.title_en)) : null,
    node('p', '', kinds[card.kind] ?? card.kind),
    next(card), where ? node('p', '', where) : null, price(card));
  return node('li', 'card', poster(card), text);
}

async function ask(path) {
  const answer = await fetch(path, { credentials: 'omit' });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function programme() {
  at('failed').hidden = true;
  try {
    const { items } = await ask('/api/v1/events?limit=12&sort=popularity');
    at('cards').replaceChildren(...items.map(cardOf));
    at('empty').hidden = items.length > 0;
  } catch {
    at('cards').replaceChildren();
    at('failed').hidden = false;
  } finally {
    at('on').setAttribute('aria-busy', 'false');
  }
}

async function state() {
  let good = true;
  try {
    await ask('/readyz');
  } catch {
    good = false;
  }
  at('state').classList.add(good ? 'good' : 'bad');
  at('state-text').replaceChildren(good ? '运行正常 ' : '暂时无法服务 ',
    english(good ? 'Running' : 'Not ready'));
}

at('again').addEventListener('click', programme);
programme();
state();
