// Words of the page in both languages, and which language is on.

const words = {
  zh: {
    skip: '跳到正文', contents: '目录', token: '令牌', loading: '正在读取接口文档…',
    failed: '接口文档读取失败', filter: '筛选接口', access: '谁可以调用', rate: '限流类别',
    params: '参数', body: '请求内容', answers: '应答', refusals: '可能的拒绝', schemas: '数据结构',
    problems: '错误代码', name: '名称', where: '位置', type: '类型', note: '说明', required: '必填',
    code: '代码', status: '状态', meaning: '含义', todo: '怎么办', try: '试一试', send: '发送',
    stop: '停止', sending: '正在发送…', answer: '应答', took: '毫秒', none: '没有符合的接口',
    network: '没有收到应答,请检查网络', other: '其他', lang: 'English', stopped: '已停止',
    openapi: 'OpenAPI 文档', key: '每次发送自动生成新的幂等键;重试同一操作时请填写同一个',
    badjson: '请求内容不是合法的 JSON',
    lead: '从浏览、选座、下单、支付到检票,都在这里,每个接口都可以直接试。',
    begin: [
      ['登录', '把登录接口返回的令牌填在右上角,之后的请求都会带上它。'],
      ['幂等键', '下单、付款、退票要带 Idempotency-Key:同一操作重试用同一个键,只会生效一次。'],
      ['拒绝', '每个错误都有固定的 code;errors 指出是哪个字段,details 给出数值。文字随 Accept-Language。'],
      ['金额与时间', '金额是整数分(*_minor);时间是 UTC 的 RFC 3339,场馆时区另给;营业日写作 20261001。'],
      ['翻页', '把 next_cursor 原样放进 cursor 即可;没有它就是最后一页。'],
    ],
  },
  en: {
    skip: 'Skip to content', contents: 'Contents', token: 'Token', loading: 'Reading the API…',
    failed: 'The API document could not be read', filter: 'Filter operations',
    access: 'Who may call', rate: 'Rate class', params: 'Parameters', body: 'Body',
    answers: 'Answers', refusals: 'Refusals', schemas: 'Schemas', problems: 'Refusal codes',
    name: 'Name', where: 'In', type: 'Type', note: 'Note', required: 'required', code: 'Code',
    status: 'Status', meaning: 'Meaning', todo: 'What to do', try: 'Try it', send: 'Send',
    stop: 'Stop', sending: 'Sending…', answer: 'Answer', took: 'ms', none: 'Nothing matches',
    network: 'No answer came; check the network', other: 'Other', lang: '中文',
    stopped: 'stopped', openapi: 'OpenAPI document',
    key: 'Left empty, each sending gets a fresh key; repeat an intent with the same key',
    badjson: 'The body is not valid JSON',
    lead: 'From browsing and seats to payment and the gate; every operation can be tried here.',
    begin: [
      ['Sign in', 'Put the token that a sign-in answers with at the top right; requests then carry it.'],
      ['Idempotency-Key', 'Orders, payments and refunds need one: repeat an intent with the same key and it happens once.'],
      ['Refusals', 'Each has a stable code; errors name the fields, details carry the figures. Texts follow Accept-Language.'],
      ['Money and time', 'Money is whole minor units (*_minor). Times are RFC 3339 in UTC, the zone of the venue beside them; a business day reads 20261001.'],
      ['Pages', 'Send next_cursor back as cursor; a page without one is the last.'],
    ],
  },
};

const stored = localStorage.getItem('foyer-docs-lang');
let current = stored || (navigator.language.startsWith('zh') ? 'zh' : 'en');
if (!words[current]) current = 'zh';

export const lang = () => current;
export const word = (key) => words[current][key];

export function switchLang() {
  current = current === 'zh' ? 'en' : 'zh';
  localStorage.setItem('foyer-docs-lang', current);
}

// el makes an element. Text goes in as text, never as markup.
export function el(tag, attrs, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attrs || {})) {
    if (k.startsWith('on')) e.addEventListener(k.slice(2), v);
    else if (v === true) e.setAttribute(k, '');
    else if (v !== undefined && v !== false) e.setAttribute(k, v);
  }
  e.append(...children.flat().filter((c) => c !== undefined && c !== null && c !== ''));
  return e;
}
