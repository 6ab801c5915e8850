// providers.mjs - one provider of every dialect, all of them the simulator.
//
//	const stack = useStack({}, async (stack) => {
//		await addProviders(stack);
//		await addModels(stack, 'tool', 'tool=1');
//	});
//
// gives the models "plain-gemini", "tool-gemini", and so for each dialect:
// modelOf('gemini', 'tool'). A provider has its dialect's name.

export const providers = {
	openai_chat: { path: '/v1', model: 'gpt-4.1' },
	openai_responses: { path: '/v1', model: 'gpt-5' },
	anthropic: { path: '/v1', auth: 'x-api-key', model: 'claude-sonnet-4-5' },
	gemini: { path: '/v1beta', auth: 'x-goog-api-key',
		model: 'gemini-2.5-flash' },
	cohere: { path: '/v2', model: 'command-a-03-2025' },
	ollama: { path: '', model: 'qwen3' },
	bedrock: { path: '', auth: 'aws', key: 'AKIDEXAMPLE:secretOfBedrock',
		model: 'anthropic.claude-sonnet-4-5-v1:0' },
};

export const dialects = Object.keys(providers);

// The client's name of a dialect's model.
export function modelOf(dialect, name = 'plain') {
	return `${name}-${dialect}`;
}

// The secret that a provider of this dialect is asked with.
export function secretOf(dialect) {
	return providers[dialect].key ?? `secret-of-${dialect}`;
}

// A provider of each dialect, and its model "plain".
export async function addProviders(stack, wanted = dialects) {
	await Promise.all(wanted.map(async (dialect) => {
		const { path, auth = 'bearer' } = providers[dialect];

		await stack.cli(['provider', 'add', dialect,
			'--dialect', dialect,
			'--base-url', stack.env.SIMULATOR_URL + path,
			'--auth', auth, '--key-stdin'],
		{ input: secretOf(dialect) });
	}));
	await addModels(stack, 'plain', '', { wanted });
}

// A model that behaves so, of each dialect; `model` is its upstream name.
export async function addModels(stack, name, behaviour = '',
	{ wanted = dialects, model } = {}) {
	await Promise.all(wanted.map((dialect) => stack.cli([
		'model', 'add', modelOf(dialect, name),
		'--provider', dialect,
		'--upstream', (model ?? providers[dialect].model)
			+ (behaviour ? `?${behaviour}` : ''),
		'--input-price', '1', '--output-price', '2'])));
}
