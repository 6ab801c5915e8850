// installation.mjs - what is measured: stacks with a gateway in them, an nginx
// that only passes on, and the requests that they all get.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { nameOf, sessionOf } from './usage.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const build = path.resolve(root, process.env.BUILD || 'build/gcc');
const WEB_USER = 'www-data';

const children = new Set();
let interrupted = false;

// Runs a program to its end, or to its time's end; what it wrote, or an error
// that tells why not. Nothing is run after an interruption but what cleans up.
export function run(program, words, { timeout_s = 60, env = {}, input = '', may_fail = false, cleans = false } = {}) {
	return new Promise((resolve, reject) => {
		if (interrupted && !cleans) {
			reject(new Error('interrupted'));
			return;
		}
		const child = spawn(program, words, { cwd: root,
			env: { ...process.env, BUILD: build, ...env }, stdio: 'pipe' });
		const timer = setTimeout(() => child.kill(), timeout_s * 1000);
		let out = '', err = '';

		children.add(child);
		child.stdin.on('error', () => {}); // it may not want any
		child.stdin.end(input);
		child.stdout.on('data', (data) => { out += data; });
		child.stderr.on('data', (data) => { err += data; });
		child.on('error', reject);
		child.on('close', (status, signal) => {
			clearTimeout(timer);
			children.delete(child);
			if (status === 0 || (may_fail && status !== null))
				resolve(out);
			else
				reject(new Error(`${path.basename(program)} ${words[0]}: ${signal ?? status}\n${err}`));
		});
	});
}

// Ends what runs just now, for somebody who pressed Ctrl-C.
export function interrupt() {
	interrupted = true;
	for (const child of children)
		child.kill();
}

const stack = (...words) => run(path.join(root, 'tests/stack'), words,
	{ timeout_s: 120, cleans: words[0] === 'down' });

const PRICES = ['--input-price', '0.15', '--output-price', '0.60'];

// A gateway with all that belongs to it, by tests/stack.
export class Stack {
	constructor(folder, web) {
		this.folder = folder;
		this.web = web;
	}

	async up(...options) {
		await stack('up', this.folder, '--web', this.web, ...options);
		this.readEnv();
	}

	// Another web server in front of the same gateway and database.
	async change(web) {
		this.web = web;
		await this.up();
	}

	async restartGateway() {
		await stack('stop', this.folder, 'gateway');
		await stack('start', this.folder, 'gateway');
		this.readEnv();
	}

	addModel(name, upstream, provider = 'sandbox') {
		return stack('cli', this.folder, 'model', 'add', name, '--provider', provider,
			'--upstream', upstream, '--context', '128000', ...PRICES);
	}

	// The simulator again, in a dialect that the clients do not speak.
	async addTranslated(provider, dialect) {
		await run(path.join(root, 'tests/stack'), ['cli', this.folder, 'provider', 'add', provider,
			'--dialect', dialect, '--base-url', `${this.env.SIMULATOR_URL}/v1`,
			'--auth', 'x-api-key', '--key-stdin'], { input: 'sk-ant-sandbox-0123456789' });
	}

	// Every limit that a key can have, all of them far away, and the cache.
	async createGovernedKey() {
		const cli = (...words) => stack('cli', this.folder, ...words, '--json');

		await cli('project', 'add', 'governed');
		await cli('budget', 'set', '--project', 'governed', '--daily', '100000', '--monthly', '1000000');
		await cli('quota', 'set', '--project', 'governed', '--tokens-daily', '1000000000000');
		const out = await cli('key', 'create', '--name', 'governed', '--project', 'governed',
			'--rpm', '1000000000', '--tpm', '1000000000', '--concurrent', '100000',
			'--budget-daily', '100000', '--budget-monthly', '1000000', '--cache', 'on');

		return JSON.parse(out).key;
	}

	// Nothing limits it, and its answers are kept.
	async createCachedKey() {
		const out = await stack('cli', this.folder, 'key', 'create', '--name', 'cached', '--cache', 'on', '--json');

		return JSON.parse(out).key;
	}

	async down() {
		if (fs.existsSync(this.folder))
			await stack('down', this.folder, '--purge');
	}

	readEnv() {
		const text = fs.readFileSync(path.join(this.folder, 'env'), 'utf8');

		this.env = Object.fromEntries([...text.matchAll(/^(\w+)='(.*)'$/gm)].map((m) => [m[1], m[2]]));
	}

	pid(component) {
		return fs.readFileSync(path.join(this.folder, 'pids', component), 'utf8').split(' ')[0];
	}

	// Process ids by part. Those that mod_fcgid started are in the web
	// server's session.
	parts() {
		const web = sessionOf(this.pid('web'));
		const spawned = web.filter((pid) => nameOf(pid).startsWith('llm-gateway'));

		return {
			gateway: this.web === 'fcgid' ? spawned : this.env.GATEWAY_PIDS.split(' '),
			web: web.filter((pid) => !spawned.includes(pid)),
			simulator: [this.pid('simulator')],
			mariadbd: [this.pid('mariadb')],
		};
	}
}

// An nginx that passes requests on to the simulator, with the tuning of the
// one in front of the gateway: the same log line, buffers and kept connections.
export class Proxy {
	constructor(folder, upstream, static_bytes) {
		this.folder = folder;
		this.upstream = new URL(upstream).host;
		this.static_bytes = static_bytes;
	}

	async up() {
		this.port = await freePort();
		fs.mkdirSync(this.folder, { mode: 0o711 });
		if (process.getuid() === 0)
			await run('chown', [WEB_USER, this.folder]);
		fs.writeFileSync(path.join(this.folder, 'nginx.conf'), this.config());
		fs.writeFileSync(path.join(this.folder, 'answer.json'), 'x'.repeat(this.static_bytes));
		this.child = spawn('nginx', ['-p', this.folder, '-c', `${this.folder}/nginx.conf`,
			'-e', `${this.folder}/error.log`], { detached: true, stdio: 'ignore',
			env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` } });
		this.child.on('error', () => {}); // told by listens()
		await listens(this.port);
	}

	parts(simulator) {
		return { web: sessionOf(this.child.pid), simulator: [simulator] };
	}

	async down() {
		if (!this.child?.pid || this.child.exitCode !== null)
			return;
		const ended = new Promise((resolve) => this.child.once('exit', resolve));

		this.child.kill('SIGTERM');
		await ended;
	}

	config() {
		return `
${process.getuid() === 0 ? `user ${WEB_USER};` : ''}
daemon off;
pid ${this.folder}/pid;
worker_processes auto;
events { worker_connections 4096; }
http {
	client_body_temp_path ${this.folder}/body;
	proxy_temp_path ${this.folder}/proxy;
	fastcgi_temp_path ${this.folder}/fastcgi;
	uwsgi_temp_path ${this.folder}/uwsgi;
	scgi_temp_path ${this.folder}/scgi;
	upstream provider {
		server ${this.upstream};
		keepalive 64;
		keepalive_requests 100000;
	}
	log_format line escape=json
		'{"time":"$time_iso8601","client":"$remote_addr",'
		'"method":"$request_method","path":"$uri","protocol":"$server_protocol",'
		'"status":$status,"received_bytes":$request_length,'
		'"sent_bytes":$bytes_sent,"seconds":$request_time,'
		'"upstream_seconds":"$upstream_response_time","request_id":"$request_id"}';
	server {
		listen 127.0.0.1:${this.port} backlog=4096;
		access_log ${this.folder}/access.log line;
		error_log ${this.folder}/error.log warn;
		client_max_body_size 32m;
		client_body_buffer_size 256k;
		large_client_header_buffers 4 14k;
		default_type application/json;
		server_tokens off;
		gzip off;
		keepalive_timeout 75s;
		keepalive_requests 100000;
		proxy_http_version 1.1;
		proxy_set_header Connection "";
		proxy_buffering off;
		proxy_request_buffering on;
		proxy_buffer_size 16k;
		proxy_buffers 8 16k;
		proxy_connect_timeout 5s;
		proxy_send_timeout 60s;
		proxy_read_timeout 630s;
		location / {
			proxy_pass http://provider;
		}
		# A file, whatever the method.
		location = /static {
			error_page 405 =200 /answer.json;
			alias ${this.folder}/answer.json;
		}
		location = /answer.json {
			internal;
			error_page 405 =200 /answer.json;
			root ${this.folder};
		}
	}
}
`;
	}
}

// Below the range that the kernel gives to outgoing connections.
async function freePort() {
	for (;;) {
		const port = 20000 + Math.floor(Math.random() * 12000);
		const server = net.createServer();
		const free = await new Promise((resolve) => {
			server.on('error', () => resolve(false));
			server.listen(port, '127.0.0.1', () => resolve(true));
		});

		await new Promise((resolve) => server.close(resolve));
		if (free)
			return port;
	}
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function listens(port) {
	for (let i = 0; i < 500; i++) {
		const open = await new Promise((resolve) => {
			const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });

			socket.on('error', () => resolve(false));
		});

		if (open)
			return;
		await sleep(10);
	}
	throw new Error(`nginx did not listen on port ${port}`);
}

// A chat of exactly so many bytes: turns of some 500 bytes, the last one
// filled up. It has quotes, line ends and letters beyond ASCII, as chats have.
export function chat(model, bytes, members = {}) {
	const turn = 'Please look at "the report" again:\n- what changed since last week, and why?\n'
		+ '- which of the figures do you trust, naïve as the question may be?\n';
	const messages = [{ role: 'system', content: 'You are a careful assistant. Answer briefly.' }];
	const body = () => JSON.stringify({ model, temperature: 0.2, ...members, messages });
	const size = () => Buffer.byteLength(body());

	for (let i = 0; size() < bytes - 700; i++)
		messages.push({ role: i % 2 ? 'assistant' : 'user', content: turn.repeat(3) });
	messages.push({ role: 'user', content: 'Go on. ' });
	messages.at(-1).content += '.'.repeat(Math.max(0, bytes - size()));
	return body();
}

// The same request as the bytes on the wire.
export function wire(url, key, body) {
	return `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n`
		+ 'Content-Type: application/json\r\nCache-Control: no-store\r\n'
		+ `Authorization: Bearer ${key}\r\n`
		+ `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
