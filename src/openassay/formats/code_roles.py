"""What a source file does in the life of a model, told from its syntax and its path.

Each rule returns :class:`Role` items: a component of a release, whether the file makes the whole of
it, the kind, the deciding line and why. A role is what the code does, never what a name promises:
training needs a loss that is propagated and an optimizer that steps (or a trainer that is started),
a network needs layers put together, an evaluation needs a benchmark and a score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openassay.formats.path_words import words
from openassay.formats.pycode import Call, Class, CodeFacts


@dataclass(frozen=True, slots=True)
class Role:
    """One thing a file does. ``line`` is 1-based in the text that was parsed."""

    component: str
    whole: bool
    aspect: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Around:
    """What the rest of the release says about a file's role."""

    networks: frozenset[str] = frozenset()  # names of network classes the release defines
    tuned_folders: frozenset[str] = frozenset()  # folders that hold a fine-tuning script
    evaluation_configs: bool = False  # files that configure an evaluation run
    pretrains: bool = False


def folder_words(path: str) -> frozenset[str]:
    return words(path.rpartition("/")[0]) if "/" in path else frozenset()


def stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0].lower()


# Case studies and analyses measure something with the model; they are not the release's own tooling.
_STUDY: Final = frozenset(
    """study studies analysis analyses ablation ablations interpretability
    probing probe probes plot plots visualization visualize paper figures memorization""".split()
)


def is_study(path: str) -> bool:
    """Whether the path says that something is studied with the model, or drawn."""
    named = {"analysis", "analyze", "plot", "plots", "visualize", "memorization"}
    return bool(folder_words(path) & _STUDY) or bool(words(stem(path)) & named)


# --- networks ------------------------------------------------------------------------------------

_NET_BASE = re.compile(
    r"(?:^|\.)(?:Module|ScriptModule|PreTrainedModel|\w{1,40}PreTrainedModel|ModelMixin|\w{0,40}MegatronModule"
    r"|PipelineModule|LightningModule|Layer|Cell|MyModule|Fairseq\w{0,30}(?:Model|Decoder|Encoder)"
    r"|BaseFairseqModel|\w{1,30}GenerationMixin)$|keras\.Model$"
)
_NOT_NET = re.compile(
    r"lora|adapter|loss|lpips|metric|reward|discriminator|critic|probe|classif|dataset|collat|trainer"
    r"|wrapper|criterion|loader|(?:^|_)ema(?:$|_)|valuehead|tokeniz|scaling_?layer|vgg",
    re.I,
)
_LAYERS: Final = frozenset(
    """Linear Dense ColumnParallelLinear RowParallelLinear Embedding Embed VocabParallelEmbedding
    ParallelEmbedding TokenEmbedding Conv1d Conv2d Conv3d Conv ConvTranspose1d ConvTranspose2d
    ConvTranspose3d Conv1D Conv2D Conv3D ConvTranspose Parameter parameter get_parameter param
    create_parameter LayerNorm RMSNorm GroupNorm BatchNorm1d BatchNorm2d BatchNorm MultiheadAttention
    MultiHeadAttention MultiHeadDotProductAttention scaled_dot_product_attention flash_attn_func LSTM
    GRU Dropout GELU SiLU ReLU ModuleList Sequential ModuleDict LayerList Einsum DenseGeneral
    get_variable Linear4bit BitLinear QuantLinear register_buffer TransformerEncoderLayer
    TransformerDecoderLayer TransformerEncoder TransformerDecoder""".split()
)
_NORMS: Final = frozenset("LayerNorm RMSNorm GroupNorm BatchNorm BatchNorm1d BatchNorm2d Dropout GELU SiLU ReLU Parameter register_buffer".split())
_BOXES: Final = frozenset("ModuleList Sequential ModuleDict LayerList SequentialCell CellList scan remat".split())
_BLOCKS = re.compile(
    r"attn|attention|transformer|(?:de|en)coder(?!config)|mlp|feed_?forward|ffn|(?:^|_)moe|expert|mamba|ssm"
    r"|rwkv|timemix|time_mix|channelmix|conv(?!ert|ersation)|resnet|resblock|unet|block|hyena|retention|backbone",
    re.I,
)
_NO_NETWORK_FOLDERS: Final = frozenset(
    """eval evals evaluation evaluate metric metrics loss losses reward rewards lora peft fid lpips
    baseline baselines benchmark benchmarks data dataset datasets decontamination filter filtering
    case_studies""".split()
)


def network_classes(facts: CodeFacts) -> tuple[Class, ...]:
    """Classes that are layers or models: they derive, in this file, from a network base."""
    found: dict[str, Class] = {}
    for _ in range(4):  # bases may stand below their children after conversion tools
        before = len(found)
        for item in facts.classes:
            if item.name not in found and any(
                _NET_BASE.search(base) or base.rpartition(".")[2] in found for base in item.bases
            ):
                found[item.name] = item
        if len(found) == before:
            break
    return tuple(item for item in found.values() if not _NOT_NET.search(item.name))


def _lasts(item: Class) -> frozenset[str]:
    return frozenset(name.rpartition(".")[2] for name in item.builds)


def network(path: str, facts: CodeFacts) -> Role | None:
    """Whether the file defines layers and puts them together into a network."""
    if folder_words(path) & _NO_NETWORK_FOLDERS or is_study(path) or _NOT_NET.search(stem(path)):
        return None
    classes = network_classes(facts)
    if not classes:
        return _functional_network(facts)
    own = {item.name for item in classes}
    layers: set[str] = set()
    composed: Class | None = None
    for item in classes:
        lasts = _lasts(item)
        if "from_pretrained" in lasts and len(lasts & _LAYERS) < 3:
            continue  # only wraps a model that is loaded
        layers |= lasts & _LAYERS
        parts = {name for name in lasts if name in own - {item.name} or _is_part(name)}
        if (parts and lasts & _BOXES) or len(parts) >= 2:
            weight = len(parts) + (5 if _MODEL_NAME.search(item.name) else 0)
            if composed is None or weight >= _weight(composed, own):
                composed = item
    kinds = [item.name for item in classes if _BLOCKS.search(item.name)]
    if composed is None or len(layers - _NORMS) < 2:
        return None
    kinds = kinds or sorted(name for name in _lasts(composed) if _is_part(name) and _BLOCKS.search(name))
    if not (kinds or _BLOCKS.search(composed.name)):
        return None
    shown = ", ".join(dict.fromkeys([composed.name, *kinds]))[:120]
    why = f"defines the layers of a network and composes them: {shown}"
    return Role("model_architecture", True, "layers", composed.line, why)


_MODEL_NAME = re.compile(r"(?:Model|Transformer|ForCausalLM|LMHead|GPT|Net|DiT|LM)$|^model$")
_PART = re.compile(r"(?:Block|Layer|Attention|Decoder|Encoder|MLP|FeedForward|Transformer|Mixer|Backbone|MoE)s?(?:2d|3d|_\w{1,20})?$")


def _is_part(name: str) -> bool:
    return bool(_PART.search(name)) and name[:1].isupper() and not name.startswith("JSON")


def _weight(item: Class, own: set[str]) -> int:
    parts = {name for name in _lasts(item) if name in own or _is_part(name)}
    return len(parts) + (5 if _MODEL_NAME.search(item.name) else 0)


def _functional_network(facts: CodeFacts) -> Role | None:
    """TensorFlow 1 and plain JAX: functions that create variables and attend or convolve."""
    makers = [
        item
        for item in facts.functions
        if any(name.endswith(("variable_scope", "get_variable")) for name in item.calls)
    ]
    jax = facts.imported("jax") and [
        item
        for item in facts.functions
        if any(name.rpartition(".")[2] in ("einsum", "dot", "matmul", "dot_general") for name in item.calls)
    ]
    found = makers or jax or []
    blocks = [item for item in found if _BLOCKS.search(item.name)]
    if len(found) < 3 or len(blocks) < 2:
        return None
    top = next((item for item in found if _MODEL_NAME.search(item.name)), blocks[0])
    shown = ", ".join(item.name for item in blocks)[:120]
    why = f"defines the layers of a network as functions: {shown}"
    return Role("model_architecture", True, "layers", top.line, why)


# --- training ------------------------------------------------------------------------------------

_TUNERS = re.compile(r"(?:SFT|DPO|PPO|GRPO|ORPO|KTO|CPO|RLOO|IPO|SimPO|Lora|QLora)\w{0,10}Trainer$")
_TRAINER = re.compile(r"(?:^|\.)\w{0,40}Trainer$")
_REWARD = re.compile(r"Reward\w{0,10}Trainer$|ForSequenceClassification|ForTokenClassification")
_NO_TRAINERS = ("tokenizers", "sentencepiece")
_AUTO = re.compile(r"(?:^|\.)Auto(?:Model|PeftModel)\w{0,40}\.from_pretrained$")
_MODEL_CLASS = re.compile(
    r"(?:ForCausalLM|LMHeadModel|ForConditionalGeneration|ForMaskedLM|ForVision2Seq|ForImageTextToText"
    r"|Model|Pipeline|Transformer2DModel|UNet\w{1,30})$"
)
_STEPPED = re.compile(r"(?:optim\w{0,20}|\bopt\w{0,10}|scaler|engine|model|trainer|fabric)\.step$")
_FINETUNE_PATH: Final = frozenset(
    "finetune finetuning finetuned sft lora qlora dpo ppo rlhf ptuning peft grpo orpo instruction alignment".split()
)
_PRETRAIN_PATH: Final = frozenset("pretrain pretraining".split())
_SPEED = re.compile(r"(?:^|_)(?:bench\w{0,12}|profil\w{0,4}|speed|throughput|latency|timing|mfu)(?:$|_)")


def is_speed(path: str) -> bool:
    return bool(_SPEED.search(stem(path)))


def training(path: str, facts: CodeFacts, around: Around) -> Role | None:
    """Whether the file trains a network, and from what: random weights or a checkpoint."""
    found = _training_line(facts)
    if found is None or is_study(path):
        return None
    line, how = found
    saves = any(
        call.last in ("save_pretrained", "save_checkpoint", "save_model", "save") for call in facts.calls
    )
    if is_speed(path) and not saves:
        return None
    if _is_auxiliary(path, facts):
        why = f"trains an auxiliary model (a classifier, a reward model or a data filter): {how}"
        return Role("training_code", False, "auxiliary", line, why)
    start = _start(path, facts, around)
    if start == "finetune":
        why = f"trains from a checkpoint: {how}"
        return Role("training_code", False, "finetune", line, why)
    if start == "pretrain":
        return Role("training_code", True, "pretrain", line, f"trains a newly built model: {how}")
    return None


def _training_line(facts: CodeFacts) -> tuple[int, str] | None:
    names = {call.last for call in facts.calls}
    backward = _first(facts, lambda call: call.last == "backward")
    if backward and any(_STEPPED.search(call.name.lower()) for call in facts.calls):
        return backward.line, "a loss is propagated back and an optimizer steps"
    if facts.imported("jax") and names & {"grad", "value_and_grad"}:
        step = _first(facts, lambda call: call.last in ("apply_gradients", "apply_updates"))
        if step:
            return step.line, "gradients are taken and applied"
    if facts.imported("tensorflow"):
        step = _first(facts, lambda call: call.last in ("minimize", "apply_gradients"))
        if step:
            return step.line, "an optimizer minimises a loss"
    if facts.imported("tensorflow", "keras") and "compile" in names and "fit" in names:
        step = _first(facts, lambda call: call.last == "fit")
        return (step.line, "a compiled model is fitted") if step else None
    return _trainer_line(facts)


def _trainer_line(facts: CodeFacts) -> tuple[int, str] | None:
    local = {item.name for item in facts.classes if any(_TRAINER.search(base) for base in item.bases)}
    made = _first(
        facts,
        lambda call: (bool(_TRAINER.search(call.name)) or call.name in local)
        and not call.name.startswith(_NO_TRAINERS),
    )
    started = _first(facts, lambda call: call.last in ("train", "fit", "training_loop", "learn"))
    if made and started:
        return made.line, f"{made.last} is set up and started"
    megatron = _first(facts, lambda call: call.last == "pretrain" and bool(call.args))
    if megatron and facts.imported("megatron", "deepspeed", "megatron_ds"):
        return megatron.line, "Megatron's pretrain() is called"
    return None


def _is_auxiliary(path: str, facts: CodeFacts) -> bool:
    if any(_REWARD.search(name) for call in facts.calls for name in call.name.split(".")):
        return True
    return bool(folder_words(path) & {"reward", "rewards", "rm", "classifier", "filtering", "data"})


def _start(path: str, facts: CodeFacts, around: Around) -> str:
    """"pretrain", "finetune" or "" (cannot be told)."""
    loaded = any(
        call.last == "from_pretrained"
        and (_AUTO.search(call.name) or _MODEL_CLASS.search(call.name.rpartition(".")[0]))
        for call in facts.calls
    )
    own_loaded = any(
        call.last == "from_pretrained" and call.name.rpartition(".")[0].rpartition(".")[2] in around.networks
        for call in facts.calls
    )
    tuned = facts.imported("peft", "trl") or any(_TUNERS.search(call.name) for call in facts.calls)
    scratch = _scratch(facts, around)
    path_words = words(path)
    if path_words & _FINETUNE_PATH and not path_words & _PRETRAIN_PATH:
        return "finetune"
    auto = any(call.last == "from_config" for call in facts.calls)
    if scratch:
        return "pretrain"
    if path_words & _PRETRAIN_PATH and (auto or not loaded):
        return "pretrain"
    if loaded or tuned and not around.networks:
        return "finetune"
    if auto or own_loaded:
        return "pretrain"
    return "pretrain" if around.networks or facts.imported("megatron") else ""


def _scratch(facts: CodeFacts, around: Around) -> bool:
    """Whether a network class is called with a configuration, which leaves its weights random."""
    for call in facts.calls:
        if call.last in around.networks or (
            _MODEL_CLASS.search(call.last) and call.name.startswith(("transformers.", "megatron."))
        ):
            return True
    return False


def validation_loss(path: str, facts: CodeFacts, around: Around) -> Role | None:
    """A training script's own loss on held-out data, where a run for it alone is provided."""
    if not (around.evaluation_configs and "eval_only" in facts.names):
        return None
    for item in facts.functions:
        if re.search(r"^(?:estimate_loss|evaluate|validate|eval_loss|evaluation)$", item.name):
            why = f"{item.name}() measures the loss on held-out data; no benchmark"
            return Role("evaluation_code", False, "validation_loss", item.line, why)
    return None


# --- inference -----------------------------------------------------------------------------------

_GENERATES: Final = frozenset(
    """generate chat stream_chat stream_generate text_completion chat_completion sample_sequence
    transcribe sample_from_model generate_text generate_stream batch_generate generate_response
    generate_image p_sample_loop inference_video chat_stream generate_stream_gate create_completion
    create_chat_completion synthesize tts infer img2img txt2img""".split()
)
_GENERATES_TOO = re.compile(
    r"^(?:stream_|async_)?(?:generate|transcribe|sample|denoise)_(?!\w{0,40}(?:prompt|data|config|id|ids|question|report|random|key|mask|name|rate|weight"
    r"|schema|url|html|token$|token_|points|grid|batch|noise|split|path|response_format))\w{1,40}$"
)
_SERVERS: Final = ("fastapi", "flask", "aiohttp.web", "tornado", "sanic", "litserve", "bottle")
_SCREENS: Final = ("gradio", "streamlit", "chainlit")
_CLIS: Final = ("fire", "click", "typer", "tyro", "simple_parsing", "hydra")
_INFER_STEM = re.compile(
    r"(?:^|_|-)(?:infer\w{0,5}|inference|predict\w{0,4}|demo|sample|generat\w{0,5}|chat\w{0,12}|serve\w{0,2}"
    r"|server|app|webui|cli|web|transcribe|interactive|completion|quick_?start|run|i2v|t2v)(?:$|_|-|\d)"
)
_SAMPLER = re.compile(r"^(?:_?(?:sample|generate|decode|denoise)\w{0,30}|beam_search|greedy\w{0,20}|top_?[kp]\w{0,20}|stream_chat|chat)$")
_PICKS: Final = frozenset("multinomial categorical argmax topk top_k gumbel softmax while_loop random_categorical".split())
_LOADS: Final = frozenset(
    """from_pretrained load_state_dict restore latest_checkpoint load_model load_checkpoint pipeline
    load_pretrained build_model prepare_models get_model build LLM load_file load_weights
    init_model snapshot_download load torch_load create_model init_inference""".split()
)


def inference(path: str, facts: CodeFacts, around: Around) -> Role | None:
    """Whether the file, run, loads the model and predicts with it; or is the library that does."""
    if is_study(path) or is_speed(path):
        return None
    run = _runs(facts)
    made = _generation(path, facts)
    if run and made and _has_model(facts):
        return _runnable(path, facts, around, made)
    return _library(path, facts)


def _runs(facts: CodeFacts) -> bool:
    if facts.main or facts.imported(*_SCREENS, *_SERVERS, *_CLIS):
        return True
    names = {call.last for call in facts.calls}
    if "parse_args" in names or "run" in names and "uvicorn" in facts.imports:
        return True
    return any(not call.scope and call.last in _GENERATES for call in facts.calls)


def _has_model(facts: CodeFacts) -> bool:
    return any(
        call.last in _LOADS or call.last.endswith(("Runner", "Pipeline", "Model")) for call in facts.calls
    ) or facts.imported("llama_cpp", "mlx_lm", "vllm")


def _generation(path: str, facts: CodeFacts) -> Call | None:
    found = _first(
        facts,
        lambda call: (call.last in _GENERATES or bool(_GENERATES_TOO.match(call.last))) and not _is_client(call),
    )
    if found:
        return found
    if "no_grad" in facts.names or "inference_mode" in facts.names or "eval" in facts.names:
        if _INFER_STEM.search(stem(path)):
            return _first(facts, lambda call: call.last in ("no_grad", "inference_mode", "eval"))
    return _first(facts, lambda call: call.name.endswith("pipeline") and facts.imported("transformers"))


def _is_client(call: Call) -> bool:
    """A call of somebody's remote service is no inference of this model."""
    return call.name.startswith(("openai.", "requests.", "anthropic.", "client.", "dashscope.", "zhipuai."))


def _runnable(path: str, facts: CodeFacts, around: Around, made: Call) -> Role:
    folder = path.rpartition("/")[0]
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
    return Role("inference_code", True, aspect, made.line, f"runs the model and predicts ({made.last})")


def _library(path: str, facts: CodeFacts) -> Role | None:
    """A module that defines sampling over a network's outputs."""
    if folder_words(path) & {"eval", "evaluation", "data", "datasets"}:
        return None
    for item in facts.functions:
        lasts = {name.rpartition(".")[2] for name in item.calls}
        if _SAMPLER.search(item.name) and lasts & _PICKS:
            why = f"{item.name}() samples from the model's outputs"
            return Role("inference_code", True, "library", item.line, why)
    return None


def api_server(facts: CodeFacts) -> int:
    """The line that makes a web service of the model, or 0."""
    if not facts.imported("fastapi", "flask", "litserve", "sanic", "aiohttp.web"):
        return 0
    made = _first(facts, lambda call: call.last in ("FastAPI", "Flask", "LitServer", "Sanic", "Application"))
    served = any(call.last in _GENERATES for call in facts.calls) or any(
        "generate" in name for name in facts.names
    )
    return made.line if made and served else 0


# --- evaluation ----------------------------------------------------------------------------------

BENCHMARKS = re.compile(
    r"(?<![a-z])(?:c?mmlu(?:[-_ ]?(?:pro|redux|stem))?|c-?eval(?![a-z])|gsm-?8k|gsm[-_]plus|human[-_]?eval(?:pack|plus)?|mbpp|hellaswag"
    r"|lambada|(?:ai2[-_])?arc[-_](?:c|e|challenge|easy)|ai2_arc|piqa|winogrande|winobias|boolq|truthful[-_]?qa|big[-_]?bench"
    r"|bbh|agi[-_]?eval|gaokao|squad(?:v2)?|super_?glue|glue|xnli|cmrc|drop|natural_?questions|trivia[-_]?qa|openbook[-_]?qa"
    r"|common_?sense_?qa|wmt\d\d|flores|xsum|cnn_dailymail|librispeech|common_?voice|fleurs|imagenet|coco(?:2014|2017)?"
    r"|cifar-?10+|ade20k|nyu|vbench|geneval|dpg-?bench|mteb|beir|vqa(?:v2|2)?|gqa|mm-?bench|mmmu|mme|docvqa|chartqa|pope"
    r"|science_?qa|text_?vqa|if[-_]?eval|mt[-_]?bench|alpaca[-_]?eval|arena[-_]?hard|live_?code_?bench|swe[-_]?bench|gpqa"
    r"|aime(?:_?\d\d)?|math[-_]?500|hendrycks|longbench|l-?eval|ruler|needle|passkey|wikitext(?:-?(?:2|103))?|pg-?19|ptb|lm1b|c3|chid"
    r"|race|siqa|social_i_qa|humanevalx|ds-?1000|multipl-?e|apps|spider|toxigen|crows_?pairs|bbq|mixeval|musr)(?![a-z])"
)
_SCORES = re.compile(
    r"(?:^|_)(?:accuracy|accuracies|acc|exact_match|em_score|pass_at_k|bleu|rouge\w{0,6}|wer|cer|fid|ppl|perplexity|f1|f1_score"
    r"|correct_ratio|is_correct|correct|num_correct|cal_\w{1,12}|compute_metrics|score_\w{1,20}|top1|top5|map|miou|evaluate_functional_correctness)(?:$|_)"
)
_TASK_CLASSES = re.compile(r"(?:LightevalTaskConfig|TaskConfig|ConfigurableTask|MultipleChoiceTask|LoglikelihoodTask)$")
EVALUATION_WORDS: Final = frozenset(
    "eval evals evaluate evaluation evaluations evaluator evaluating benchmark benchmarks harness lighteval opencompass".split()
)
_USES_MODEL: Final = _GENERATES | {"from_pretrained", "load_model", "loglikelihood", "logits", "forward", "get_logits"}


def evaluation(path: str, facts: CodeFacts) -> Role | None:
    """Whether the file scores the model on a named benchmark, or defines such a task."""
    if is_study(path) or is_speed(path) or _training_line(facts):
        return None
    named = words(path)
    if folder_words(path) & {"decontamination", "dedup", "filtering", "data_processing", "finetune"}:
        return None
    task = _first(facts, lambda call: bool(_TASK_CLASSES.search(call.name)))
    if task and facts.imported("lighteval", "lm_eval", "opencompass"):
        why = f"defines benchmark tasks for a harness ({task.last})"
        return Role("evaluation_code", True, "tasks", task.line, why)
    benchmark = _benchmark(path, facts)
    evaluates = bool(named & EVALUATION_WORDS) or bool(BENCHMARKS.search(stem(path)))
    if not evaluates:
        return None
    line = _score_line(facts)
    uses = any(call.last in _USES_MODEL for call in facts.calls) or "logits" in facts.names
    if benchmark and line and uses:
        why = f"scores the model on {benchmark}"
        return Role("evaluation_code", True, "benchmark", line, why)
    if uses and facts.main and _loss_only(facts):
        call = _first(facts, lambda call: call.last in ("no_grad", "inference_mode"))
        why = "measures loss or perplexity of the model on evaluation sets"
        return Role("evaluation_code", True, "perplexity", call.line if call else facts.main, why)
    return None


def _benchmark(path: str, facts: CodeFacts) -> str:
    if found := BENCHMARKS.search(path.lower()):
        return found.group(0)
    for lit in facts.strings:
        if len(lit.value) <= 120 and (found := BENCHMARKS.search(lit.value.lower())):
            return found.group(0)
    return ""


def _score_line(facts: CodeFacts) -> int:
    for item in facts.functions:
        if _SCORES.search(item.name.lower()):
            return item.line
    call = _first(facts, lambda call: bool(_SCORES.search(call.last.lower())))
    if call:
        return call.line
    if any(_SCORES.search(name) for name in facts.names):
        main = next((item.line for item in facts.functions if item.name in ("main", "eval", "evaluate")), 0)
        return main or facts.main or 1
    return 0


def _loss_only(facts: CodeFacts) -> bool:
    measured = {"compute_loss", "perplexity", "ppl", "compute_perplexity", "crossentropyloss", "cross_entropy"}
    quiet = {"no_grad", "inference_mode"}
    return bool(facts.names & measured) and bool(facts.names & quiet)


def _first(facts: CodeFacts, wanted: object) -> Call | None:
    assert callable(wanted)
    return next((call for call in facts.calls if wanted(call)), None)


def all_roles(path: str, facts: CodeFacts, around: Around) -> Iterator[Role]:
    """Every role of a file but the network's, which the rest of the release must know first."""
    trains = training(path, facts, around)
    if trains:
        yield trains
        if loss := validation_loss(path, facts, around):
            yield loss
        return
    if scores := evaluation(path, facts):
        yield scores
        return
    if predicts := inference(path, facts, around):
        yield predicts
