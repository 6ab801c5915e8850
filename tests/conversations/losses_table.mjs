// losses_table.mjs - losses.md, the table of what becomes of what.

const HEAD = `# What becomes of a request when it is translated

A request to a provider of the client's own dialect goes out as it came. For
any other it is translated, and this is what happens to each thing that a
client can ask for:

- **carried**: the provider is asked for it, in its own words.
- **in part**: it is carried, but not all of it; what is not is dropped.
- **dropped**: the provider's dialect has no words for it. The answer's header
  \`X-Gateway-Dropped\` names it, and so does the request log. With the header
  \`X-Gateway-Strict: true\`, or a key made with \`--strict\`, such a request is
  refused instead.
- **moot**: the provider has no words for it, and does so anyhow.
- **refused**: without it the answer would be wrong. A 400 names the place.

A column is a provider's dialect; \`openai\` is OpenAI itself, by Chat
Completions, and \`openai_chat\` any other server of that dialect. The file is
what \`LOSSES=write node --test tests/conversations/losses.test.mjs\` saw, and
that test fails when it is no longer true.
`;

export function write(features, outcomes, providers) {
	return HEAD + Object.entries(outcomes).map(([client, seen]) =>
		section(client, features, seen,
			providers.filter((provider) => seen.temperature[provider])))
		.join('');
}

function section(client, features, seen, providers) {
	const rows = features.filter(({ title }) => seen[title])
		.map(({ title, clients }) => row([
			title,
			clients[client].path ? `\`${clients[client].path}\`` : '',
			...providers.map((provider) => seen[title][provider])]));

	return `\n## A client of ${client}\n\n`
		+ row(['', 'its place', ...providers])
		+ row(['---', '---', ...providers.map(() => '---')])
		+ rows.join('');
}

function row(cells) {
	return `| ${cells.join(' | ')} |\n`;
}
