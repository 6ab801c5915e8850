// load.mjs - clients that call again and again until they are told to stop,
// and what each of them got: the load under which durability.test.mjs breaks
// things.

import http from 'node:http';

import { hello, sleep } from './stack.mjs';

export class Load {
	// It ends with the test `t` at the latest. `models` are asked in turn;
	// `pauseMs` is between two calls of a client.
	constructor(t, stack, { clients = 8, models = ['plain'], pauseMs = 5,
		stream = (n) => n % 4 === 0, key = stack.key } = {}) {
		this.stack = stack;
		this.key = key;
		this.exchanges = [];
		this.goesOn = true;
		this.agent = new http.Agent({ keepAlive: true });
		t.after(() => this.end());
		this.running = Promise.all(Array.from({ length: clients }, () =>
			this.callAgainAndAgain(models, pauseMs, stream)));
	}

	async callAgainAndAgain(models, pauseMs, stream) {
		while (this.goesOn) {
			const n = this.exchanges.length;
			const asked = hello(models[n % models.length],
				{ stream: stream(n) });
			const exchange = this.stack.beginChat(asked,
				{ agent: this.agent, key: this.key });

			exchange.asked = asked;
			exchange.begunAt = Date.now();
			this.exchanges.push(exchange);
			await exchange.over;
			exchange.endedAt = Date.now();
			await sleep(pauseMs);
		}
	}

	// Let the calls that run come to their end.
	async end() {
		this.goesOn = false;
		await this.running;
		this.agent.destroy();
	}

	// Those whose whole answer reached the client: their request ids.
	get answered() {
		return this.exchanges.filter(isWhole)
			.map(({ headers }) => headers['x-request-id']);
	}

	get failed() {
		return this.exchanges.filter((exchange) => !isWhole(exchange));
	}
}

// nginx ends a stream in good form also when the gateway broke off: only the
// stream itself tells that it is whole.
function isWhole({ complete, status, asked, isDone }) {
	return complete && status === 200 && (!asked.stream || isDone);
}
