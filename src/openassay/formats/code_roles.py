"""What a source file does with a model: predict, serve, or score it on a benchmark.

Each rule returns a :class:`~openassay.formats.code_model.Role`. A role is what the code does, never
what a name promises: inference needs a model and a prediction in something that runs, an evaluation
needs a benchmark and a score; measuring speed or one demo's output is neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openassay.formats.code_model import (
    EVALUATION_WORDS,
    Around,
    Role,
    closed,
    first,
    folder_words,
    is_compression,
    is_data_tool,
    is_speed,
    is_study,
    lasts,
    stem,
)
from openassay.formats.code_training import training, training_line, validation_loss
from openassay.formats.path_words import words
from openassay.formats.pycode import Call, CodeFacts

_GENERATES: Final = closed(
    """generate chat stream_chat stream_generate text_completion chat_completion sample_sequence
    transcribe sample_from_model batch_generate p_sample_loop chat_stream create_completion
    create_chat_completion synthesize tts infer img2img txt2img denoise p_sample forecast"""
)
_GENERATES_TOO = re.compile(
    r"^(?:stream_|async_)?(?:generate|transcribe|sample|denoise)_"
    r"(?!\w{0,40}(?:prompt|data|config|id|ids|question|report|random|key|mask|name|rate|weight"
    r"|schema|url|html|token$|token_|points|grid|batch|noise|split|path|response_format))\w{1,40}$"
)
_SERVERS: Final = ("fastapi", "flask", "aiohttp.web", "tornado", "sanic", "litserve", "bottle")
_SCREENS: Final = ("gradio", "streamlit", "chainlit")
_CLIS: Final = ("fire", "click", "typer", "tyro", "simple_parsing", "hydra")
_CLIENTS: Final = ("openai.", "requests.", "anthropic.", "client.", "dashscope.", "zhipuai.")
_INFER_STEM = re.compile(
    r"(?:^|_|-)(?:infer\w{0,5}|inference|predict\w{0,4}|demo|sample|generat\w{0,5}|chat\w{0,12}"
    r"|serve\w{0,2}|server|app|webui|cli|web|transcribe|interactive|completion|quick_?start|run"
    r"|i2v|t2v|txt2img|img2img|extract|embed\w{0,6}|fold|forecast)(?:$|_|-|\d)"
)
_SAMPLER = re.compile(
    r"^(?:_?(?:sample|generate|decode|denoise)\w{0,30}|beam_search|greedy\w{0,20}"
    r"|top_?[kp]\w{0,20}|stream_chat|chat)$"
)
_PICKS: Final = closed("multinomial categorical argmax topk top_k gumbel softmax while_loop")
_QUIET: Final = closed("no_grad inference_mode eval")
_LOADS: Final = closed(
    """from_pretrained load_state_dict restore latest_checkpoint load_model load_checkpoint pipeline
    load_pretrained build_model prepare_models get_model build LLM load_file load_weights
    init_model snapshot_download load create_model init_inference"""
)
LOADS_MODEL = re.compile(
    r"^(?:load|build|create|get|init|initiali[sz]e|setup|prepare|make)_\w{0,30}?"
    r"(?:model|ckpt|checkpoint|weights|pipeline|pipe|engine|predictor|net)s?(?:_(?:and|from)_\w{1,30})?$"
)
_MODEL_KEYWORDS: Final = closed("checkpoint checkpoint_path ckpt_path ckpt_dir model_path weights")
_NO_LIBRARY: Final = closed("eval evaluation data datasets")
NOTHING_AROUND: Final = Around()


# --- inference -----------------------------------------------------------------------------------


def inference(path: str, facts: CodeFacts, around: Around) -> Role | None:
    """Whether the file, run, loads the model and predicts with it; or is the library that does."""
    if is_study(path) or is_speed(path) or words(path) & EVALUATION_WORDS or is_data_tool(path):
        return None
    made = _prediction(path, facts)
    if made and _runs(facts) and (_has_model(facts) or _is_own_call(path, made)):
        return _runnable(path, facts, around, made)
    return _library(path, facts)


def _runs(facts: CodeFacts) -> bool:
    if facts.main or facts.imported(*_SCREENS, *_SERVERS, *_CLIS):
        return True
    if any(call.last == "parse_args" for call in facts.calls):
        return True
    at_top = (call for call in facts.calls if not call.scope)
    return any(call.last in _GENERATES or _builds_model(call) for call in at_top)


def _builds_model(call: Call) -> bool:
    """A class that comes from a module of models is called, as ``foo.model.Foo()``."""
    return call.last[:1].isupper() and not _MODEL_MODULES.isdisjoint(call.name.split(".")[:-1])


_MODEL_MODULES: Final = closed("model models modeling modelling pretrained")


def _has_model(facts: CodeFacts) -> bool:
    return facts.imported("llama_cpp", "mlx_lm", "vllm") or any(
        call.last in _LOADS
        or LOADS_MODEL.match(call.last)
        or call.last.endswith(("Runner", "Pipeline", "Model"))
        or _builds_model(call)
        or ".pretrained." in call.name  # a module of functions that each load one model
        or any(key in _MODEL_KEYWORDS for key, _ in call.keywords)
        for call in facts.calls
    )


def _is_own_call(path: str, call: Call) -> bool:
    """Whether a function of the release's own package predicts, and so loads what it needs."""
    root = call.name.partition(".")[0]
    return not root or root in path.split("/")[:-1]


def _predicts(call: Call) -> bool:
    """A call that predicts; a call of somebody's remote service does not."""
    named = call.last in _GENERATES or _GENERATES_TOO.match(call.last)
    sampled = call.name.endswith("sampler.sample")
    return bool(named or sampled) and not call.name.startswith(_CLIENTS)


def _prediction(path: str, facts: CodeFacts) -> Call | None:
    if found := first(facts, _predicts):
        return found
    # The method is handed to a thread, and its output read from a streamer.
    if found := first(facts, lambda call: call.last.endswith("IteratorStreamer")):
        return found
    if facts.names & _QUIET and _INFER_STEM.search(stem(path)):
        return first(facts, lambda call: call.last in _QUIET)
    if facts.imported("transformers"):
        return first(facts, lambda call: call.name.endswith("pipeline"))
    return None


_CONVERTS: Final = closed(
    """convert converter conversion export diff delta recover merge quantize quantization quant gptq
    awq"""
)
_WRITES_WEIGHTS: Final = closed("save_pretrained save_quantized save_file save_checkpoint")


def _converts(path: str, facts: CodeFacts) -> bool:
    """Whether the file is for turning weights into other weights."""
    return bool(words(stem(path)) & _CONVERTS) and any(
        call.last in _WRITES_WEIGHTS or call.name == "torch.save" for call in facts.calls
    )


def _runnable(path: str, facts: CodeFacts, around: Around, made: Call) -> Role:
    folder = path.rpartition("/")[0]
    if _converts(path, facts):
        why = f"converts weights and only tests the outcome by a prediction ({made.last})"
        return Role("inference_code", False, "converter", made.line, why)
    if facts.imported("peft") and any("Peft" in call.name for call in facts.calls):
        why = f"predicts with an adapter on top of the model ({made.last})"
        return Role("inference_code", False, "adapter", made.line, why)
    if folder and folder in around.tuned_folders:
        why = f"predicts with the model that the scripts of this folder tune ({made.last})"
        return Role("inference_code", False, "tuned", made.line, why)
    if facts.imported(*_SERVERS):
        aspect = "serve"
    else:
        aspect = "demo" if facts.imported(*_SCREENS) or "demo" in words(path) else "generate"
    why = f"runs the model and predicts ({made.last})"
    return Role("inference_code", True, aspect, made.line, why)


def _library(path: str, facts: CodeFacts) -> Role | None:
    """A module that defines sampling over a network's outputs."""
    if folder_words(path) & _NO_LIBRARY:
        return None
    for item in facts.functions:
        if _SAMPLER.search(item.name) and lasts(item.calls) & _PICKS:
            why = f"{item.name}() samples from the model's outputs"
            return Role("inference_code", True, "library", item.line, why)
    if not facts.imported("torch", "jax", "flax", "tensorflow", "transformers", "mlx"):
        return None
    for predictor in facts.classes:
        if _PREDICTOR.search(predictor.name) and (made := predictor.methods & _PREDICTS):
            why = f"{predictor.name}.{min(made)}() predicts with the model"
            return Role("inference_code", True, "library", predictor.line, why)
    return None


_PREDICTOR = re.compile(r"(?:Pipeline|Predictor|Forecaster|Transcriber)$")
_PREDICTS: Final = closed("predict predict_torch forecast transcribe generate __call__")


def api_server(facts: CodeFacts) -> int:
    """The line that makes a web service of the model, or 0."""
    if not facts.imported("fastapi", "flask", "litserve", "sanic", "aiohttp.web"):
        return 0
    apps = ("FastAPI", "Flask", "LitServer", "Sanic", "Application")
    made = first(facts, lambda call: call.last in apps)
    served = any(_predicts(call) for call in facts.calls) or "generate" in facts.names
    return made.line if made and served else 0


# --- evaluation ----------------------------------------------------------------------------------

BENCHMARKS = re.compile(
    r"(?<![a-z])(?:c?mmlu(?:[-_ ]?(?:pro|redux|stem))?|c-?eval(?![a-z])|gsm-?8k|gsm[-_]plus"
    r"|human[-_]?eval(?:pack|plus|x)?|mbpp|hellaswag|lambada|ai2_arc|(?:ai2[-_])?arc[-_](?:c|e"
    r"|challenge|easy)|piqa|winogrande|winobias|boolq|truthful[-_]?qa|big[-_]?bench|bbh"
    r"|agi[-_]?eval|gaokao|squad(?:v2)?|super_?glue|glue|xnli|cmrc|drop|natural_?questions"
    r"|trivia[-_]?qa|openbook[-_]?qa|common_?sense_?qa|wmt\d\d|flores|xsum|cnn_dailymail"
    r"|librispeech|common_?voice|fleurs|imagenet|coco(?:2014|2017)?|cifar-?10+|ade20k|nyu|vbench"
    r"|geneval|dpg-?bench|mteb|beir|vqa(?:v2|2)?|gqa|mm-?bench|mmmu|mme|docvqa|chartqa|pope"
    r"|science_?qa|text_?vqa|if[-_]?eval|mt[-_]?bench|alpaca[-_]?eval|arena[-_]?hard"
    r"|live_?code_?bench|swe[-_]?bench|gpqa|aime(?:_?\d\d)?|math[-_]?500|hendrycks|longbench"
    r"|l-?eval|ruler|needle|passkey|wikitext(?:-?(?:2|103))?|pg-?19|ptb|lm1b|c3|chid|race|siqa"
    r"|social_i_qa|ds-?1000|multipl-?e|apps|spider|toxigen|crows_?pairs|bbq|mixeval|musr)(?![a-z])"
)
_SCORES = re.compile(
    r"(?:^|_)(?:accuracy|accuracies|acc|exact_match|em_score|pass_at_k|bleu|rouge\w{0,6}|wer|cer"
    r"|fid|ppl|perplexity|f1|f1_score|correct_ratio|is_correct|correct|num_correct|cal_\w{1,12}"
    r"|compute_metrics|score_\w{1,20}|top1|top5|map|miou|evaluate_functional_correctness)(?:$|_)"
)
_STRONG = re.compile(
    r"^_?(?:estimate_|compute_|calc\w{0,6}_)?(?:pass_at_k|corpus_bleu|evaluate_functional_correctness"
    r"|compute_code_eval|exact_match_score|code_eval)$"
)
_TASK_CLASSES = re.compile(
    r"(?:LightevalTaskConfig|TaskConfig|ConfigurableTask|MultipleChoiceTask|LoglikelihoodTask)$"
)
_NO_EVALUATION: Final = closed("decontamination dedup filtering finetune")
_USES_MODEL: Final = _GENERATES | closed(
    "from_pretrained load_model loglikelihood logits forward get_logits"
)
_LOSSES: Final = closed(
    "compute_loss perplexity ppl compute_perplexity crossentropyloss cross_entropy"
)


def evaluation(path: str, facts: CodeFacts, around: Around = NOTHING_AROUND) -> Role | None:
    """Whether the file scores the model on a named benchmark, or defines such a task."""
    if is_study(path) or is_speed(path) or is_compression(path) or training_line(facts):
        return None
    if folder_words(path) & _NO_EVALUATION:
        return None
    task = first(facts, lambda call: bool(_TASK_CLASSES.search(call.name)))
    if task and facts.imported("lighteval", "lm_eval", "opencompass"):
        why = f"defines benchmark tasks for a harness ({task.last})"
        return Role("evaluation_code", True, "tasks", task.line, why)
    if not (words(path) & EVALUATION_WORDS or BENCHMARKS.search(stem(path))):
        return None
    uses = any(call.last in _USES_MODEL for call in facts.calls) or "logits" in facts.names
    benchmark, line = _benchmark(path, facts), _score_line(facts)
    if strong := _strong_score(facts):  # generation and scoring are often two programs
        why = f"computes a benchmark's score ({strong.last})"
        return Role("evaluation_code", True, "benchmark", strong.line, why)
    if uses and facts.main and (metric := _named_metric(facts)):
        why = f"scores the model's outputs with a metric named for it ({metric.last})"
        return Role("evaluation_code", True, "metric", metric.line, why)
    if benchmark and line and uses:
        why = f"scores the model on {benchmark}"
        return Role("evaluation_code", True, "benchmark", line, why)
    if uses and facts.main and facts.names & _LOSSES and facts.names & _QUIET:
        quiet = first(facts, lambda call: call.last in _QUIET)
        why = "measures loss or perplexity of the model on evaluation sets"
        return Role("evaluation_code", True, "perplexity", quiet.line if quiet else 1, why)
    return _harness_driver(facts) or _task_driver(path, facts, around) or _question_set(path, facts)


_QUESTIONS = re.compile(
    r"(?:^|/)eval(?:uation)?[_-](?:set|data|prompts?|questions?)\.jsonl?$", re.I
)


def _question_set(path: str, facts: CodeFacts) -> Role | None:
    """A program that makes an evaluation of own questions ready; the scoring is done elsewhere."""
    if not folder_words(path) & EVALUATION_WORDS or not facts.main:
        return None
    named = next((lit for lit in facts.strings if _QUESTIONS.search(lit.value[-80:])), None)
    if named is None:
        return None
    why = f"prepares an evaluation from {named.value[-80:]}; it computes no score"
    return Role("evaluation_code", False, "question_set", named.line, why)


_LAUNCHES: Final = closed("system run Popen check_call check_output call")
_SCORES_TASKS: Final = closed(
    "evaluate eval run_eval run_evaluation evaluate_all_tasks evaluate_tasks simple_evaluate"
)


def _harness_driver(facts: CodeFacts) -> Role | None:
    """A program of the release's own that runs a harness on benchmarks it names."""
    start = first(facts, lambda call: call.last == "simple_evaluate")
    if start is None and any("--tasks" in lit.value for lit in facts.strings):
        start = first(facts, lambda call: call.last in _LAUNCHES)
    named = {
        found.group(0)
        for lit in facts.strings
        if len(lit.value) <= 120 and (found := BENCHMARKS.search(lit.value.lower()))
    }
    if start is None or len(named) < 2:
        return None
    why = f"runs a harness on {', '.join(sorted(named))[:100]}"
    return Role("evaluation_code", True, "harness_driver", start.line, why)


def _task_driver(path: str, facts: CodeFacts, around: Around) -> Role | None:
    """A program that loads the model and scores it on the tasks that are tracked beside it."""
    if len(around.benchmarks) < 2 or not words(stem(path)) & EVALUATION_WORDS or not facts.main:
        return None
    loads = any(
        call.last in _STRICTLY_LOADS or LOADS_MODEL.match(call.last) for call in facts.calls
    )
    scores = first(facts, lambda call: call.last in _SCORES_TASKS)
    if not (loads and scores):
        return None
    why = f"scores the model on the tracked tasks ({', '.join(sorted(around.benchmarks))[:80]})"
    return Role("evaluation_code", True, "task_driver", scores.line, why)


def benchmark_files(paths: Iterable[str]) -> frozenset[str]:
    """The benchmarks that files of tasks or items are named for, as ``tasks/boolq.yaml`` is."""
    found = (
        BENCHMARKS.fullmatch(stem(path))
        for path in paths
        if path.endswith((".yaml", ".yml", ".json", ".jsonl"))
        and folder_words(path) & _TASK_FOLDERS
    )
    return frozenset(hit.group(0) for hit in found if hit)


_TASK_FOLDERS: Final = EVALUATION_WORDS | closed("tasks task")
_STRICTLY_LOADS: Final = closed(
    "from_pretrained load_state_dict load_model load_checkpoint restore"
)


def _strong_score(facts: CodeFacts) -> Call | None:
    """A metric that nothing but a benchmark of outputs is scored with."""
    return first(facts, lambda call: bool(_STRONG.search(call.last)))


_METRIC_IDS: Final = closed(
    """wer cer bleu sacrebleu rouge chrf ter bertscore comet squad squad_v2 glue super_glue
    code_eval exact_match meteor cider mauve"""
)
_METRIC_LOADERS: Final = closed("evaluate.load datasets.load_metric load_metric")
_METRIC_CALLS: Final = closed(
    """jiwer.wer jiwer.cer jiwer.compute_measures jiwer.process_words sacrebleu.corpus_bleu
    sacrebleu.corpus_chrf"""
)


def _named_metric(facts: CodeFacts) -> Call | None:
    """A metric of a task that a library is asked for by its name."""
    return first(
        facts,
        lambda call: (
            call.name in _METRIC_CALLS
            or (
                call.name in _METRIC_LOADERS
                and any(lit.value in _METRIC_IDS for lit in (call.args[0] if call.args else ()))
            )
        ),
    )


def _benchmark(path: str, facts: CodeFacts) -> str:
    if found := BENCHMARKS.search(path.lower()):
        return found.group(0)
    for lit in facts.strings:
        if len(lit.value) <= 120 and (found := BENCHMARKS.search(lit.value.lower())):
            return found.group(0)
    return ""


def _score_line(facts: CodeFacts) -> int:
    """Where a score is computed: a function or call named for one, else where it is used."""
    for item in facts.functions:
        if _SCORES.search(item.name.lower()):
            return item.line
    if call := first(facts, lambda call: bool(_SCORES.search(call.last.lower()))):
        return call.line
    if not any(_SCORES.search(name) for name in facts.names):
        return 0
    named = ("main", "eval", "evaluate")
    return next((item.line for item in facts.functions if item.name in named), facts.main or 1)


def all_roles(path: str, facts: CodeFacts, around: Around) -> Iterator[Role]:
    """A file's role as trainer, evaluation or inference; it has one, the first that fits."""
    if trains := training(path, facts, around):
        yield trains
        if loss := validation_loss(facts, around):
            yield loss
    elif scores := evaluation(path, facts, around):
        yield scores
    elif predicts := inference(path, facts, around):
        yield predicts
