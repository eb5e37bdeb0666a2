// The API page: reads /openapi.json, lists operations by tag, and sends requests.

import { el, lang, switchLang, word } from './words.js';
import { bounds, example, table, typeNode } from './schema.js';

const $ = (id) => document.getElementById(id);
const methods = ['get', 'post', 'put', 'patch', 'delete'];
const shownBytes = 200000; // of an answer

let doc = null;
let operations = [];

async function start() {
  $('token').value = sessionStorage.getItem('foyer-docs-token') || '';
  $('token').addEventListener('input', () => sessionStorage.setItem('foyer-docs-token', $('token').value));
  $('filter').addEventListener('input', drawIndex);
  $('lang').addEventListener('click', () => { switchLang(); draw(); });
  $('menu').addEventListener('click', () => menu(!document.body.classList.contains('open')));
  $('index').addEventListener('click', () => menu(false));
  addEventListener('hashchange', show);
  drawWords();
  try {
    const res = await fetch('/openapi.json');
    if (!res.ok) throw new Error(String(res.status));
    doc = await res.json();
  } catch {
    $('state').dataset.word = 'failed';
    $('state').textContent = word('failed');
    return;
  }
  operations = list(doc);
  draw();
}

function menu(open) {
  document.body.classList.toggle('open', open);
  $('menu').setAttribute('aria-expanded', String(open));
}

// The buyer's way comes first, in the order in which it is gone; then all else by name.
const way = ['catalog', 'seating', 'member', 'orders', 'payments', 'tickets', 'gates'];
const rank = (tag) => (way.includes(tag) ? way.indexOf(tag) : way.length);

function list(d) {
  const out = [];
  for (const [path, item] of Object.entries(d.paths || {})) {
    for (const method of methods) {
      if (item[method]) {
        const op = item[method];
        out.push({ method, path, op, id: op.operationId, tag: (op.tags || [])[0] || '' });
      }
    }
  }
  return out.sort((a, b) => rank(a.tag) - rank(b.tag) || a.tag.localeCompare(b.tag) ||
    a.path.localeCompare(b.path));
}

function drawWords() {
  document.documentElement.lang = lang() === 'zh' ? 'zh-Hans' : 'en';
  for (const e of document.querySelectorAll('[data-word]')) e.textContent = word(e.dataset.word);
  $('lang').textContent = word('lang');
  $('filter').placeholder = word('filter');
}

function draw() {
  drawWords();
  if (!doc) return;
  $('title').textContent = doc.info.title;
  $('version').textContent = doc.info.version;
  drawIndex();
  const main = $('main');
  main.replaceChildren(intro());
  let tag = null;
  for (const o of operations) {
    if (o.tag !== tag) main.append(el('h2', { id: 'tag-' + o.tag }, o.tag || word('other')));
    tag = o.tag;
    main.append(operation(o));
  }
  main.append(el('h2', { id: 'schemas' }, word('schemas')), schemas());
  main.append(el('h2', { id: 'problems' }, word('problems')), problems());
  show();
}

// intro is what one needs to know before the first request.
function intro() {
  return el('section', { class: 'intro' }, el('h1', {}, doc.info.title + ' API'),
    el('p', {}, word('lead'), ' ', el('a', { href: '/openapi.json' }, word('openapi'))),
    el('dl', {}, word('begin').flatMap(([what, how]) => [el('dt', {}, what), el('dd', {}, how)])));
}

function drawIndex() {
  const asked = $('filter').value.trim().toLowerCase();
  const found = operations.filter((o) => !asked ||
    `${o.method} ${o.path} ${o.id} ${o.op.summary || ''} ${o.tag}`.toLowerCase().includes(asked));
  const groups = new Map();
  for (const o of found) groups.set(o.tag, [...(groups.get(o.tag) || []), o]);
  $('index').replaceChildren(...[...groups].map(([tag, ops]) => el('section', {},
    el('h3', {}, tag || word('other')), el('ul', {}, ops.map((o) => el('li', {},
      el('a', { href: '#' + o.id }, badge(o.method), el('span', {}, o.op.summary || o.path))))))));
  if (found.length === 0) $('index').append(el('p', {}, word('none')));
  $('index').append(el('section', {}, el('ul', {},
    el('li', {}, el('a', { href: '#schemas' }, word('schemas'))),
    el('li', {}, el('a', { href: '#problems' }, word('problems'))))));
}

const badge = (method) => el('b', { class: 'method ' + method }, method.toUpperCase());

// operation is one operation, folded; its inside is made when it is first opened.
function operation(o) {
  const box = el('details', { id: o.id, class: 'op' }, el('summary', {}, badge(o.method),
    el('code', {}, o.path), el('span', { class: 'sum' }, o.op.summary || '')));
  box.addEventListener('toggle', () => {
    if (box.open && box.children.length === 1) box.append(inside(o));
  });
  return box;
}

function inside(o) {
  const { op } = o;
  const out = el('div', { class: 'inside' });
  if (op.description) out.append(el('p', {}, op.description));
  out.append(el('dl', {}, el('dt', {}, word('access')), el('dd', {}, el('code', {}, op['x-foyer-access'])),
    el('dt', {}, word('rate')), el('dd', {}, el('code', {}, op['x-foyer-rate']))));
  const params = op.parameters || [];
  if (params.length) out.append(el('h4', {}, word('params')), paramTable(params));
  const body = bodyOf(op);
  if (body) out.append(el('h4', {}, word('body')), el('p', {}, el('code', {}, body.media), ' ', typeNode(body.schema)), fields(body.schema));
  out.append(el('h4', {}, word('answers')), answers(op));
  const refusals = op['x-foyer-refusals'] || [];
  if (refusals.length) out.append(el('h4', {}, word('refusals')), refusalTable(refusals));
  out.append(tryIt(o, params, body));
  return out;
}

// fields shows the fields of a schema in place, so that nobody has to follow the link.
function fields(schema) {
  const s = schema && schema.$ref ? doc.components.schemas[schema.$ref.split('/').pop()] : schema;
  return s && s.properties ? table(s) : '';
}

function bodyOf(op) {
  const content = op.requestBody && op.requestBody.content;
  if (!content) return null;
  const media = Object.keys(content)[0];
  return { media, schema: content[media].schema };
}

function paramTable(params) {
  return el('div', { class: 'scroll' }, el('table', {}, el('thead', {}, el('tr', {},
    el('th', {}, word('name')), el('th', {}, word('where')), el('th', {}, word('type')), el('th', {}, word('note')))),
  el('tbody', {}, params.map((p) => el('tr', {},
    el('td', {}, el('code', {}, p.name), p.required ? el('span', { class: 'must' }, word('required')) : ''),
    el('td', {}, p.in), el('td', {}, typeNode(p.schema)),
    el('td', {}, [p.description, bounds(p.schema || {})].filter(Boolean).join(' · ')))))));
}

function answers(op) {
  const good = Object.entries(op.responses || {}).filter(([s]) => Number(s) < 400);
  return el('div', {}, good.map(([status, r]) => {
    const media = Object.keys(r.content || {})[0];
    const schema = media && r.content[media].schema;
    return el('div', {}, el('p', {}, el('b', {}, status), ' ', media ? el('code', {}, media) : r.description || '', ' ',
      schema ? typeNode(schema) : ''), schema ? fields(schema) : '');
  }));
}

function refusalTable(list) {
  return el('div', { class: 'scroll' }, el('table', {}, el('thead', {}, el('tr', {},
    el('th', {}, word('status')), el('th', {}, word('code')), el('th', {}, word('meaning')))),
  el('tbody', {}, list.map((f) => el('tr', {}, el('td', {}, String(f.status)),
    el('td', {}, el('a', { href: '#problem-' + f.code }, f.code)), el('td', {}, f[lang()]))))));
}

function schemas() {
  return el('div', {}, Object.entries(doc.components.schemas || {}).map(([name, s]) =>
    el('details', { id: 'schema-' + name, class: 'op' }, el('summary', {}, el('code', {}, name)),
      el('div', { class: 'inside' }, s.description ? el('p', {}, s.description) : '', table(s)))));
}

function problems() {
  const all = new Map();
  for (const o of operations) for (const f of o.op['x-foyer-refusals'] || []) all.set(f.code, f);
  const sorted = [...all.values()].sort((a, b) => a.code.localeCompare(b.code));
  return el('div', { class: 'scroll' }, el('table', {}, el('thead', {}, el('tr', {}, el('th', {}, word('code')),
    el('th', {}, word('status')), el('th', {}, word('meaning')), el('th', {}, word('todo')))),
  el('tbody', {}, sorted.map((f) => el('tr', { id: 'problem-' + f.code }, el('td', {}, el('code', {}, f.code)),
    el('td', {}, String(f.status)), el('td', {}, f[lang()]), el('td', {}, f.do))))));
}

// show opens and scrolls to what the address names.
function show() {
  const target = location.hash && $(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.tagName === 'DETAILS') target.open = true;
  target.scrollIntoView();
}

// tryIt is a form that sends the request with the token from the top of the page.
function tryIt(o, params, body) {
  const inputs = params.map((p) => ({ p, input: el('input', { autocomplete: 'off', spellcheck: 'false',
    placeholder: p.name === 'Idempotency-Key' ? word('key') : '' }) }));
  const text = body && body.media === 'application/json'
    ? el('textarea', { rows: '8', spellcheck: 'false', 'aria-label': word('body') }) : null;
  if (text) text.value = JSON.stringify(example(doc, body.schema), null, 2);
  const file = body && !text ? el('input', { type: 'file' }) : null;
  const send = el('button', { type: 'submit', class: 'send' }, word('send'));
  const out = el('div', { class: 'out', 'aria-live': 'polite' });
  const form = el('form', { class: 'try' }, el('h4', {}, word('try')),
    inputs.map(({ p, input }) => el('label', {}, el('span', {}, p.name, p.required ? ' *' : ''), input)),
    text || file || '', send, out);
  let running = null;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (running) { running.abort(); return; }
    running = new AbortController();
    send.textContent = word('stop');
    await call(o, inputs, { text, file, media: body && body.media }, out, running);
    running = null;
    send.textContent = word('send');
  });
  return form;
}

function requestOf(o, inputs, body) {
  let { path } = o;
  const query = new URLSearchParams();
  const headers = { 'Accept-Language': lang() === 'zh' ? 'zh-Hans' : 'en' };
  for (const { p, input } of inputs) {
    let value = input.value;
    if (p.name === 'Idempotency-Key' && !value) value = freshKey();
    if (p.in === 'path') path = path.replace(`{${p.name}}`, encodeURIComponent(value));
    else if (value && p.in === 'query') query.set(p.name, value);
    else if (value && p.in === 'header') headers[p.name] = value;
  }
  if ($('token').value) headers.Authorization = 'Bearer ' + $('token').value.trim();
  const init = { method: o.method.toUpperCase(), headers, credentials: 'omit' };
  if (body.text) { headers['Content-Type'] = 'application/json'; init.body = body.text.value; }
  if (body.file && body.file.files[0]) { headers['Content-Type'] = body.media; [init.body] = body.file.files; }
  return { url: path + (query.size ? '?' + query : ''), init };
}

function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
}

async function call(o, inputs, body, out, running) {
  if (body.text) {
    try { JSON.parse(body.text.value); } catch { out.replaceChildren(el('p', { class: 'bad' }, word('badjson'))); return; }
  }
  const { url, init } = requestOf(o, inputs, body);
  out.replaceChildren(el('p', {}, word('sending')));
  const began = performance.now();
  try {
    const res = await fetch(url, { ...init, signal: running.signal });
    const pre = el('pre', { tabindex: '0' });
    const took = Math.round(performance.now() - began);
    out.replaceChildren(el('p', { class: res.ok ? 'good' : 'bad' }, `${res.status} ${res.statusText} · ${took} ${word('took')}`), pre);
    await fill(pre, res);
  } catch (err) {
    out.append(el('p', { class: 'bad' }, err.name === 'AbortError' ? word('stopped') : word('network')));
  }
}

// fill shows an answer as it comes: streams line by line, pictures as pictures.
async function fill(pre, res) {
  const type = res.headers.get('Content-Type') || '';
  if (type.startsWith('image/')) {
    const img = el('img', { alt: '' });
    img.src = URL.createObjectURL(await res.blob());
    img.addEventListener('load', () => URL.revokeObjectURL(img.src));
    pre.replaceWith(img);
    return;
  }
  if (type.includes('event-stream')) {
    const reader = res.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      pre.textContent = (pre.textContent + part.value).slice(-shownBytes);
    }
    return;
  }
  let text = await res.text();
  if (type.includes('json')) {
    try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* shown as it came */ }
  }
  pre.textContent = text.slice(0, shownBytes);
}

start();
