// Schemas in words, and examples made from them.

import { el, word } from './words.js';

const prefix = '#/components/schemas/';

export const refName = (s) => (s && s.$ref ? s.$ref.slice(prefix.length) : '');

// typeNode is a type in words, with a link where it has a name.
export function typeNode(s) {
  if (!s) return document.createTextNode('');
  if (s.$ref) return el('a', { href: '#schema-' + refName(s) }, refName(s));
  const types = [].concat(s.type || 'any').filter((t) => t !== 'null');
  if (types[0] === 'array') return el('span', {}, '[ ', typeNode(s.items), ' ]');
  if (types[0] === 'object' && typeof s.additionalProperties === 'object') {
    return el('span', {}, '{ …: ', typeNode(s.additionalProperties), ' }');
  }
  return el('span', {}, s.format ? `${types.join(' | ')} (${s.format})` : types.join(' | '));
}

// bounds are a schema's limits in short.
export function bounds(s) {
  const out = [];
  if (s.enum) out.push(s.enum.join(' | '));
  const range = (low, high, unit) => {
    if (low === undefined && high === undefined) return;
    out.push(`${low ?? ''}…${high ?? ''}${unit}`);
  };
  range(s.minimum, s.maximum, '');
  range(s.minLength, s.maxLength, ' ch');
  range(s.minItems, s.maxItems, ' ×');
  if (s.pattern) out.push(s.pattern);
  if (s.default !== undefined) out.push('= ' + JSON.stringify(s.default));
  return out.join(' · ');
}

// table lists the fields of an object.
export function table(s) {
  const rows = Object.entries(s.properties || {}).map(([name, p]) => el('tr', {},
    el('td', {}, el('code', {}, name), (s.required || []).includes(name)
      ? el('span', { class: 'must' }, word('required')) : ''),
    el('td', {}, typeNode(p)),
    el('td', {}, [p.description, bounds(p)].filter(Boolean).join(' · '))));
  if (rows.length === 0) return el('p', {}, typeNode(s));
  return el('div', { class: 'scroll' }, el('table', {}, el('thead', {}, el('tr', {},
    el('th', {}, word('name')), el('th', {}, word('type')), el('th', {}, word('note')))),
  el('tbody', {}, rows)));
}

// example makes a value that fits a schema; deep bounds recursive types.
export function example(doc, s, deep = 0) {
  if (!s || deep > 6) return null;
  if (s.$ref) return example(doc, doc.components.schemas[refName(s)], deep + 1);
  if (s.example !== undefined) return s.example;
  if (s.examples && s.examples.length) return s.examples[0];
  if (s.default !== undefined) return s.default;
  if (s.enum) return s.enum[0];
  const type = [].concat(s.type || 'object')[0];
  switch (type) {
    case 'string': return s.format === 'date-time' ? new Date().toISOString() : '';
    case 'integer': case 'number': return s.minimum ?? 0;
    case 'boolean': return false;
    case 'array': return [example(doc, s.items, deep + 1)];
    default: break;
  }
  const out = {};
  for (const [k, p] of Object.entries(s.properties || {})) {
    if ((s.required || []).includes(k) || deep < 2) out[k] = example(doc, p, deep + 1);
  }
  return out;
}
