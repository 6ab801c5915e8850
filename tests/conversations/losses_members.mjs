// losses_members.mjs - what a client can ask for by a member of the request:
// rows of losses_features.mjs.

const SCHEMA = { type: 'object', properties: { colour_7: { type: 'string' } },
	additionalProperties: false };

const generation = (more) => ({ generationConfig: more });

// One member, with the same value everywhere.
function number(title, value, trace, names) {
	return { title, trace, clients: Object.fromEntries(
		Object.entries(names).map(([client, name]) => {
			const within = { gemini: 'generationConfig',
				ollama: 'options' }[client];
			const member = { [name]: value };

			return [client, within
				? { path: `${within}.${name}`,
					body: { [within]: member } }
				: { path: name, body: member }];
		})) };
}

const sampling = [
	number('temperature', 0.4321, /0\.4321/, {
		openai_chat: 'temperature', openai_responses: 'temperature',
		anthropic: 'temperature', gemini: 'temperature',
		cohere: 'temperature', ollama: 'temperature' }),
	number('top_p', 0.8765, /0\.8765/, {
		openai_chat: 'top_p', openai_responses: 'top_p',
		anthropic: 'top_p', gemini: 'topP', cohere: 'p',
		ollama: 'top_p' }),
	number('top_k', 37, /"(top_k|topK|k)":37\b/, {
		openai_chat: 'top_k', anthropic: 'top_k', gemini: 'topK',
		cohere: 'k', ollama: 'top_k' }),
	number('min_p', 0.0456, /0\.0456/, {
		openai_chat: 'min_p', ollama: 'min_p' }),
	number('frequency penalty', 0.3141, /0\.3141/, {
		openai_chat: 'frequency_penalty', gemini: 'frequencyPenalty',
		cohere: 'frequency_penalty', ollama: 'frequency_penalty' }),
	number('presence penalty', 0.2718, /0\.2718/, {
		openai_chat: 'presence_penalty', gemini: 'presencePenalty',
		cohere: 'presence_penalty', ollama: 'presence_penalty' }),
	number('repetition penalty', 1.1234, /1\.1234/, {
		openai_chat: 'repetition_penalty', ollama: 'repeat_penalty' }),
	number('seed', 271828, /271828/, {
		openai_chat: 'seed', gemini: 'seed', cohere: 'seed',
		ollama: 'seed' }),
	number('length limit', 4321, /4321/, {
		openai_chat: 'max_tokens', openai_responses: 'max_output_tokens',
		anthropic: 'max_tokens', gemini: 'maxOutputTokens',
		cohere: 'max_tokens', ollama: 'num_predict' }),
	number('stop sequences', ['HALT-7'], /HALT-7/, {
		openai_chat: 'stop', anthropic: 'stop_sequences',
		gemini: 'stopSequences', cohere: 'stop_sequences',
		ollama: 'stop' }),
	number('several answers', 2, /"(n|candidateCount)":2\b/, {
		openai_chat: 'n', gemini: 'candidateCount' }),
	{
		title: 'log probabilities', trace: /logprobs/i,
		clients: {
			openai_chat: { path: 'logprobs', body: { logprobs: true } },
			openai_responses: { path: 'include', body: {
				include: ['message.output_text.logprobs'] } },
			gemini: { path: 'generationConfig.responseLogprobs',
				body: generation({ responseLogprobs: true }) },
			cohere: { path: 'logprobs', body: { logprobs: true } },
			ollama: { path: 'logprobs', body: { logprobs: true } },
		},
	},
	{
		title: 'how many log probabilities',
		trace: /"(top_logprobs|logprobs)":3\b/,
		clients: {
			openai_chat: { path: 'top_logprobs',
				body: { logprobs: true, top_logprobs: 3 },
				control: { logprobs: true } },
			openai_responses: { path: 'top_logprobs',
				body: { include: ['message.output_text.logprobs'],
					top_logprobs: 3 },
				control: {
					include: ['message.output_text.logprobs'] } },
			gemini: { path: 'generationConfig.logprobs',
				body: generation(
					{ responseLogprobs: true, logprobs: 3 }),
				control: generation({ responseLogprobs: true }) },
			ollama: { path: 'top_logprobs',
				body: { logprobs: true, top_logprobs: 3 },
				control: { logprobs: true } },
		},
	},
	{
		title: 'logit bias', trace: /"1234"/,
		clients: { openai_chat: { path: 'logit_bias',
			body: { logit_bias: { 1234: -5 } } } },
	},
];

const others = [
	{
		title: 'user', trace: /user-7/,
		clients: {
			openai_chat: { path: 'user', body: { user: 'user-7' } },
			openai_responses: { path: 'user', body: { user: 'user-7' } },
			anthropic: { path: 'metadata.user_id',
				body: { metadata: { user_id: 'user-7' } } },
		},
	},
	{
		title: 'metadata', trace: /meta-7/,
		clients: {
			openai_chat: { path: 'metadata',
				body: { metadata: { job: 'meta-7' } } },
			openai_responses: { path: 'metadata',
				body: { metadata: { job: 'meta-7' } } },
		},
	},
	{
		title: 'service tier', trace: /service_?tier/i,
		clients: {
			openai_chat: { path: 'service_tier',
				body: { service_tier: 'flex' } },
			openai_responses: { path: 'service_tier',
				body: { service_tier: 'flex' } },
			// Where there are no tiers, all is standard.
			anthropic: { path: 'service_tier', moot: true,
				body: { service_tier: 'standard_only' } },
			gemini: { path: 'serviceTier',
				body: { serviceTier: 'flex' } },
		},
	},
	{
		title: 'prompt cache key', trace: /cache-7/,
		clients: {
			openai_chat: { path: 'prompt_cache_key',
				body: { prompt_cache_key: 'cache-7' } },
			openai_responses: { path: 'prompt_cache_key',
				body: { prompt_cache_key: 'cache-7' } },
		},
	},
	{
		title: 'verbosity', trace: /"verbosity":"low"/,
		clients: {
			openai_chat: { path: 'verbosity',
				body: { verbosity: 'low' } },
			openai_responses: { path: 'text.verbosity',
				body: { text: { verbosity: 'low' } } },
		},
	},
	{
		title: 'safety settings', trace: /safety/i,
		clients: { gemini: { path: 'safetySettings', body: {
			safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT',
				threshold: 'BLOCK_NONE' }] } } },
	},
	{
		title: 'spoken answers', trace: /modalities/i,
		clients: {
			openai_chat: { path: 'modalities', also: 'audio', body: {
				modalities: ['text', 'audio'],
				audio: { voice: 'alloy', format: 'mp3' } } },
			gemini: { path: 'generationConfig.responseModalities',
				body: generation(
					{ responseModalities: ['AUDIO'] }) },
		},
	},
	{
		title: 'reasoning', trace: /reason|think/i,
		clients: {
			openai_chat: { path: 'reasoning_effort',
				body: { reasoning_effort: 'high' } },
			openai_responses: { path: 'reasoning',
				body: { reasoning: { effort: 'high' } } },
			anthropic: { path: 'thinking', body: { max_tokens: 4096,
				thinking: { type: 'enabled',
					budget_tokens: 2048 } } },
			gemini: { path: 'generationConfig.thinkingConfig',
				body: generation({ thinkingConfig: {
					thinkingBudget: 2048 } }) },
			cohere: { path: 'thinking', body: { thinking: {
				type: 'enabled', token_budget: 2048 } } },
			ollama: { path: 'think', body: { think: 'high' } },
		},
	},
	{
		title: 'JSON mode', trace: /json/i,
		clients: {
			openai_chat: { path: 'response_format', body: {
				response_format: { type: 'json_object' } } },
			openai_responses: { path: 'text.format', body: {
				text: { format: { type: 'json_object' } } } },
			gemini: { path: 'generationConfig.responseMimeType',
				body: generation(
					{ responseMimeType: 'application/json' }) },
			cohere: { path: 'response_format', body: {
				response_format: { type: 'json_object' } } },
			ollama: { path: 'format', body: { format: 'json' } },
		},
	},
	{
		title: 'JSON schema', trace: /colour_7/,
		clients: {
			openai_chat: { path: 'response_format', body: {
				response_format: { type: 'json_schema',
					json_schema: { name: 'a', schema: SCHEMA } } } },
			openai_responses: { path: 'text.format', body: {
				text: { format: { type: 'json_schema', name: 'a',
					schema: SCHEMA } } } },
			anthropic: { path: 'output_config.format', body: {
				output_config: { format: { type: 'json_schema',
					schema: SCHEMA } } } },
			gemini: { path: 'generationConfig.responseJsonSchema',
				body: generation({
					responseMimeType: 'application/json',
					responseJsonSchema: SCHEMA }) },
			cohere: { path: 'response_format', body: {
				response_format: { type: 'json_object',
					json_schema: SCHEMA } } },
			ollama: { path: 'format', body: { format: SCHEMA } },
		},
	},
	{
		title: 'other content than is here', trace: /essential-7/,
		clients: {
			openai_chat: { path: 'web_search_options', body: {
				web_search_options: { user_location: {
					type: 'approximate', approximate: {
						city: 'essential-7' } } } } },
			openai_responses: { path: 'previous_response_id', body: {
				previous_response_id: 'resp_essential-7' } },
			anthropic: { path: 'container',
				body: { container: 'essential-7' } },
			gemini: { path: 'cachedContent', body: {
				cachedContent: 'cachedContents/essential-7' } },
			cohere: { path: 'documents',
				body: { documents: ['essential-7'] } },
		},
	},
	{
		title: 'a member of no meaning to us', trace: /frob-7/,
		clients: Object.fromEntries(['openai_chat', 'openai_responses',
			'anthropic', 'gemini', 'cohere', 'ollama'].map((client) =>
			[client, { path: 'frobnicate',
				body: { frobnicate: 'frob-7' } }])),
	},
];

export const members = [...sampling, ...others];
