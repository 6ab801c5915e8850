// mail_server.mjs - OpenSMTPD, as Debian has it, with a folder of its own.
//
//	const mail = await MailServer.create();
//	await mail.start();
//	mail.url                        // smtp://127.0.0.1:PORT
//	await mail.messageTo('ana@x.example', /80 %/)
//	await mail.stop();
//
// It wants root and paths that are built in (/var/spool, /var/run): it gets
// them in a mount namespace of its own, in which those are folders of ours.
// `why` tells why it cannot run here, where that is so.
//
// TLS is done in front of it, by `MailGuard`: of this release's own, with
// OpenSSL 3, no handshake succeeds.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';

import { until } from './stack.mjs';

const running = new Set();

process.on('exit', () => {
	for (const child of running)
		child.kill('SIGTERM');
});

// A port that nobody listens on now.
export async function freePort() {
	const server = net.createServer().listen(0, '127.0.0.1');

	await once(server, 'listening');
	const { port } = server.address();

	await new Promise((resolve) => server.close(resolve));
	return port;
}

export class MailServer {
	static why = whyNot();

	static async create() {
		const mail = new MailServer();

		mail.port = await freePort();
		return mail;
	}

	get url() {
		return `smtp://127.0.0.1:${this.port}`;
	}

	async start() {
		this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mail-'));
		this.maildir = path.join(this.folder, 'mail');
		const config = path.join(this.folder, 'smtpd.conf');

		fs.chmodSync(this.folder, 0o755);
		for (const name of ['mail', 'run', 'spool'])
			fs.mkdirSync(path.join(this.folder, name));
		fs.chmodSync(this.maildir, 0o777);
		fs.chmodSync(path.join(this.folder, 'spool'), 0o711);
		fs.writeFileSync(config, [
			`listen on 127.0.0.1 port ${this.port}`,
			`action keep maildir "${this.maildir}" virtual { "@" = nobody }`,
			'match from any for any action keep', ''].join('\n'));
		this.process = spawn('unshare', ['--mount', 'sh', '-ec',
			'mount --bind "$1/run" /run; mount --bind "$1/spool" /var/spool;'
			+ ' exec /usr/sbin/smtpd -d -f "$1/smtpd.conf"',
			'sh', this.folder], { stdio: ['ignore', 'pipe', 'pipe'] });
		running.add(this.process);
		this.process.once('exit', () => running.delete(this.process));
		this.log = '';
		for (const stream of [this.process.stdout, this.process.stderr])
			stream.on('data', (text) => (this.log += text));
		await until(() => answers(this.port),
			() => `smtpd: ${this.log}`);
	}

	async stop() {
		if (!running.has(this.process))
			return;
		this.process.kill('SIGTERM');
		await once(this.process, 'exit');
		fs.rmSync(this.folder, { recursive: true, force: true });
	}

	// All that was delivered, as texts.
	messages() {
		const folder = path.join(this.maildir, 'new');

		return fs.existsSync(folder)
			? fs.readdirSync(folder).map((name) =>
				fs.readFileSync(path.join(folder, name), 'utf8'))
			: [];
	}

	// The message for that address that the pattern fits, once it is there.
	messageTo(address, pattern) {
		return until(() => this.messages().find((text) =>
			text.includes(`Delivered-To: ${address}\n`) &&
			pattern.test(text)), () => `a mail: ${this.log}`);
	}
}

// Stands in front of a mail server with TLS, from the first byte (`implicit`)
// or by STARTTLS, and asks for a user and a password (AUTH PLAIN).
export class MailGuard {
	constructor(server, { key, cert, implicit = false, user, password }) {
		this.server = server;
		this.key = key;
		this.cert = cert;
		this.implicit = implicit;
		this.login = user && Buffer.from(`\0${user}\0${password}`)
			.toString('base64');
		this.seen = []; // the commands it was given, in plain or by TLS
	}

	async start() {
		this.listener = this.implicit
			? tls.createServer({ key: this.key, cert: this.cert },
				(socket) => this.greet(socket))
			: net.createServer((socket) => this.greet(socket));
		this.listener.listen(0, '127.0.0.1');
		await once(this.listener, 'listening');
		this.port = this.listener.address().port;
	}

	stop() {
		return new Promise((resolve) => this.listener.close(resolve));
	}

	greet(socket) {
		socket.on('error', () => {});
		socket.write('220 guard ESMTP\r\n');
		this.listen(socket, this.implicit);
	}

	listen(socket, isSafe) {
		let text = '';
		const onData = (bytes) => {
			text += bytes;
			if (!text.endsWith('\r\n'))
				return;
			const line = text.trimEnd();

			text = '';
			this.answer(socket, isSafe, line, onData);
		};

		socket.on('data', onData);
	}

	answer(socket, isSafe, line, onData) {
		const [word] = line.split(' ');

		this.seen.push(`${isSafe ? 'TLS' : 'plain'} ${word}`);
		if (word === 'EHLO' && !isSafe) {
			socket.write('250-guard\r\n250 STARTTLS\r\n');
		} else if (word === 'STARTTLS' && !isSafe) {
			socket.off('data', onData);
			socket.write('220 go on\r\n');
			const safe = new tls.TLSSocket(socket, { isServer: true,
				key: this.key, cert: this.cert });

			safe.on('error', () => {});
			this.listen(safe, true);
		} else if (word === 'EHLO') {
			socket.write(`250-guard\r\n250 ${
				this.login ? 'AUTH PLAIN' : '8BITMIME'}\r\n`);
		} else if (line === 'AUTH PLAIN') {
			socket.write('334 \r\n');
		} else if (this.login && line === this.login) {
			socket.write('235 welcome\r\n');
		} else {
			socket.off('data', onData);
			this.passOn(socket, line);
		}
	}

	// From here on the mail server speaks; its greeting and the answer to
	// our EHLO are not for the client.
	async passOn(socket, line) {
		const inner = net.connect(this.server.port, '127.0.0.1');

		inner.on('error', () => socket.destroy());
		await once(inner, 'data');
		inner.write('EHLO guard\r\n');
		await once(inner, 'data');
		inner.write(`${line}\r\n`);
		socket.pipe(inner).pipe(socket);
	}
}

// A certificate of 127.0.0.1's own: { key, cert, file, keyFile }.
export function makeCertificate(folder) {
	const file = path.join(folder, 'certificate.pem');
	const keyFile = path.join(folder, 'key.pem');

	execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-nodes',
		'-days', '2', '-pkeyopt', 'ec_paramgen_curve:P-256',
		'-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1',
		'-addext', 'basicConstraints=critical,CA:FALSE',
		'-keyout', keyFile, '-out', file], { stdio: 'ignore' });
	return { file, keyFile, key: fs.readFileSync(keyFile),
		cert: fs.readFileSync(file) };
}

function answers(port) {
	return new Promise((resolve) => {
		const socket = net.connect(port, '127.0.0.1');

		socket.once('data', () => resolve(true));
		socket.once('error', () => resolve(false));
		socket.once('close', () => socket.destroy());
	});
}

function whyNot() {
	if (!fs.existsSync('/usr/sbin/smtpd'))
		return 'OpenSMTPD is not installed';
	if (process.getuid() !== 0)
		return 'OpenSMTPD runs as root alone';
	if (spawnSync('unshare', ['--mount', 'true']).status !== 0)
		return 'no mount namespace can be made here';
	return false;
}
