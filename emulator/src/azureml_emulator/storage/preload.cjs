// Loaded into Azurite's process before Azurite itself (node --require). Azurite is used as published; this changes
// only what reaches it:
//  - azureml-core writes blob URLs as https://ACCOUNT.blob.@127.0.0.1:PORT/CONTAINER, so the account, which storage
//    takes from the host name, gets lost on the way: it is put back into the Host header;
//  - faults that were asked for are done here;
//  - the process ends when the emulator that started it has ended, however that happened.
'use strict';

const http = require('http');
const https = require('https');

const account = process.env.EMULATOR_ACCOUNT;
const secret = process.env.EMULATOR_SECRET;
const ADDRESS = /^(\d+\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/;
const REMEMBERED = 50000;
let rules = [];
let seen = [];
let total = 0;

// Azurite keeps its index in memory and writes it every five seconds; when asked to end, it writes it first.
function endInOrder() {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), 10000).unref();
}

process.stdin.on('end', endInOrder);
process.stdin.on('error', endInOrder);
process.stdin.resume();

// mulberry32: a seeded sequence, so that a rule with a probability strikes the same requests each time.
function sequence(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function replaceRules(wanted) {
  const known = new Map(rules.map((rule) => [rule.id, rule]));
  rules = wanted.map((rule) => known.get(rule.id) || {
    ...rule, struck: 0, seen: 0, random: sequence(rule.seed), expression: new RegExp(rule.expression),
  });
}

function struckBy(request) {
  const path = request.url.split('?')[0];
  for (const rule of rules) {
    if (rule.methods.length && !rule.methods.includes(request.method)) continue;
    if (!rule.expression.test(path)) continue;
    if (rule.count !== null && rule.struck >= rule.count) continue;
    if (rule.seen++ < rule.after) continue;
    if (rule.random() >= rule.probability) continue;
    rule.struck += 1;
    return rule;
  }
  return null;
}

function refuse(response, status, code, headers) {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>a fault that was asked for</Message></Error>`;
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body),
    'x-ms-error-code': code, ...headers });
  response.end(body);
}

// The connection is cut after some bytes of the answer's body have gone out.
function cutAfter(response, bytes) {
  const write = response.write;
  const end = response.end;
  let left = bytes;
  const cut = (chunk, encoding) => {
    const data = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk || '', encoding || 'utf8');
    if (data.length < left) { left -= data.length; return write.call(response, data); }
    write.call(response, data.subarray(0, left), () => response.socket && response.socket.destroy());
    left = 0;
    return false;
  };
  response.write = (chunk, encoding) => cut(chunk, typeof encoding === 'string' ? encoding : undefined);
  response.end = (chunk, encoding) => {
    if (chunk && typeof chunk !== 'function') cut(chunk, typeof encoding === 'string' ? encoding : undefined);
    if (response.socket) response.socket.destroy(); else end.call(response);
    return response;
  };
}

// What a fault does; returns the milliseconds after which the request goes on, or null if it doesn't.
function strike(rule, request, response) {
  switch (rule.kind) {
    case 'throttle':
      refuse(response, rule.status, 'TooManyRequests', { 'retry-after': String(rule.seconds) });
      return null;
    case 'error':
      refuse(response, rule.status, rule.status === 503 ? 'ServerBusy' : 'InternalError', {});
      return null;
    case 'expired_token':
      refuse(response, 403, 'AuthenticationFailed', {});
      return null;
    case 'disconnect':
      request.socket.destroy();
      return null;
    case 'hang':
      return null;
    case 'drop':
      cutAfter(response, rule.bytes);
      return 0;
    default:
      return rule.seconds * 1000;
  }
}

// What clients asked, for whoever wants to know: method, path, and status of the answer (0: none was given).
function remember(request, response) {
  response.on('close', () => {
    const status = response.writableFinished ? response.statusCode : 0;
    seen.push({ method: request.method, path: request.url.split('?')[0], status });
    total += 1;
    if (seen.length > 2 * REMEMBERED) seen = seen.slice(-REMEMBERED);
  });
}

function tell(request, response) {
  const since = Number(new URL(request.url, 'http://here').searchParams.get('since') || 0);
  const fresh = total - since > 0 ? seen.slice(-Math.min(total - since, seen.length)) : [];
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ value: fresh, next: total }));
}

function control(request, response) {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    if (request.method === 'PUT') replaceRules(JSON.parse(Buffer.concat(parts).toString('utf8')));
    const body = JSON.stringify(rules.map(({ id, struck, seen }) => ({ id, struck, seen })));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(body);
  });
}

for (const Server of [http.Server, https.Server]) {
  const emit = Server.prototype.emit;
  Server.prototype.emit = function emitWithAccount(event, request, response, ...rest) {
    if (event !== 'request') return emit.call(this, event, request, response, ...rest);
    const ours = request.headers['x-emulator-secret'] === secret;
    if (ours && request.url === '/emulator/faults') {
      control(request, response);
      return true;
    }
    if (ours && request.url.startsWith('/emulator/requests')) {
      tell(request, response);
      return true;
    }
    if (!ours) remember(request, response);
    const inPath = request.url.startsWith(`/${account}/`) || request.url.startsWith(`/${account}?`);
    if (ADDRESS.test(request.headers.host || '') && !inPath) {
      request.headers.host = `${account}.blob.localhost`;
    }
    const rule = rules.length && !ours ? struckBy(request) : null;
    if (!rule) return emit.call(this, event, request, response, ...rest);
    const wait = strike(rule, request, response);
    if (wait !== null) setTimeout(() => emit.call(this, event, request, response, ...rest), wait);
    return true;
  };
}
