// browser.mjs - a browser without a window: it keeps cookies, fills in forms,
// and says in its headers what browsers say.

import assert from 'node:assert/strict';

import { call } from './wire.mjs';

export class Browser {
	constructor(url) {
		this.url = url;
		this.cookies = new Map(); // name → value
		this.attributes = new Map(); // name → all that came with it
		this.csrf = undefined;
	}

	get cookie() {
		return [...this.cookies].map(([name, value]) =>
			`${name}=${value}`).join('; ');
	}

	// `as` is merged into the headers; undefined removes one.
	async send(method, where, { body, headers = {}, json } = {}) {
		const all = {
			...(this.cookies.size ? { cookie: this.cookie } : {}),
			...(json ? { 'content-type': 'application/json' } : {}),
			...headers,
		};

		for (const [name, value] of Object.entries(all)) {
			if (value === undefined)
				delete all[name];
		}
		const answer = await call(this.url + where, {
			method, headers: all,
			body: json ? JSON.stringify(json) : body,
		});

		this.keep(answer.headers['set-cookie'] ?? []);
		return answer;
	}

	keep(lines) {
		for (const line of lines) {
			const [, name, value] = line.match(/^([^=]+)=([^;]*)/);

			this.attributes.set(name, line);
			if (/Max-Age=0\b/.test(line))
				this.cookies.delete(name);
			else
				this.cookies.set(name, value);
		}
	}

	get(where, headers = {}) {
		return this.send('GET', where, { headers });
	}

	// By the JSON API, with the token that the login gave.
	api(method, where, json, headers = {}) {
		return this.send(method, `/api/v1${where}`, {
			json,
			headers: { ...(this.csrf ? { 'x-csrf-token': this.csrf } : {}),
				...headers },
		});
	}

	// As a form does it.
	post(where, fields = {}, headers = {}) {
		return this.send('POST', where, {
			body: new URLSearchParams({
				...(this.csrf ? { csrf: this.csrf } : {}), ...fields,
			}).toString(),
			headers: {
				'content-type': 'application/x-www-form-urlencoded',
				accept: 'text/html,application/xhtml+xml',
				origin: this.url, 'sec-fetch-site': 'same-origin',
				...headers,
			},
		});
	}

	async logIn(email, password) {
		const answer = await this.tryLogIn(email, password);

		assert.equal(answer.status, 200, answer.text);
		this.csrf = answer.json().csrf_token;
		this.token = answer.json().token;
		return answer;
	}

	tryLogIn(email, password, headers) {
		return this.send('POST', '/api/v1/auth/login',
			{ json: { email, password }, headers });
	}

	async me() {
		return (await this.get('/api/v1/auth/me')).status;
	}
}
