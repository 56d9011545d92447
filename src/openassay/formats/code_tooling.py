"""Data preparation and supporting code, told from syntax and path; see :mod:`code_roles`."""

from __future__ import annotations

import re
from typing import Final

from openassay.formats.code_model import (
    Around,
    Role,
    closed,
    first,
    folder_words,
    is_speed,
    is_study,
    listed,
    stem,
)
from openassay.formats.path_words import words
from openassay.formats.pycode import Call, CodeFacts

# --- from raw or published source to training-ready data -----------------------------------------

_CURATION: Final = listed(
    """datatrove text_dedup datasketch fasttext kenlm trafilatura warcio resiliparse simhash justext
    langdetect langid cld3 pycld2 lingua ftfy nemo_curator data_juicer dolma readability newspaper
    mwparserfromhell wikiextractor opencc hojichar scenedetect"""
)
# Used for much else beside cleaning a corpus, so the path must speak of data too.
_LIGHT: Final = closed("ftfy opencc langid langdetect lingua fasttext readability newspaper")
_SYNTHESIS: Final = ("distilabel", "bespokelabs", "curator", "nemo_skills")
_CLEANS = re.compile(
    r"(?:^|_)(?:de-?dup\w{0,12}|minhash|lsh|clean(?:_?up|ing|ed|_\w{1,20})?|quality_\w{1,20}"
    r"|language_id|lang_?id|detect_lang\w{0,8}|decontaminat\w{0,5}|pii|extract_text|boilerplate"
    r"|remove_(?:dup|html|url|toxic|short|bad|opt)\w{0,20}|nsfw|scene_cut|compute_scores"
    r"|is_(?:bad|clean|valid|english|chinese|dup)\w{0,12}|filter_(?!by_length)\w{1,25}"
    r"|normalize_text|perplexity_filter)(?:$|_)"
)
_CURATES = re.compile(r"Filter$|Dedup")  # classes of pipeline libraries
_WRITES: Final = closed(
    """to_json to_parquet to_csv save_to_disk push_to_hub tofile memmap writelines dump dumps write
    JsonlWriter ParquetWriter TarWriter ShardWriter TFRecordWriter add_item finalize save_file savez
    MMapIndexedDatasetBuilder make_builder write_table PackedDatasetBuilder MDSWriter TarWriter
    jdump write_jsonl save_jsonl write_json save_json dump_jsonl"""
)
_TOKENIZES: Final = closed(
    """tokenizer encode encode_ordinary encode_batch encode_as_ids EncodeAsIds tokenize
    batch_encode_plus tokenize_function encode_ordinary_batch DocumentTokenizer Encoder
    group_texts"""
)
_PACKS: Final = closed(
    """memmap tofile save_to_disk add_item finalize MMapIndexedDatasetBuilder make_builder
    DocumentTokenizer PackedDatasetBuilder TFRecordWriter MDSWriter write_to_disk to_parquet
    TarWriter ShardWriter"""
)
_FETCHES = re.compile(
    r"(?:^|\.)(?:load_dataset|requests\.get|urlretrieve|urlopen|download\w{0,12}"
    r"|snapshot_download)$"
)
_LOCAL: Final = closed("json csv text parquet arrow pandas")
_MEDIA: Final = (
    "cv2", "decord", "av", "torchvision.io", "librosa", "torchaudio", "PIL", "soundfile", "moviepy",
    "imageio",
)  # fmt: skip
_TABLES: Final = closed("read_csv read_parquet read_json read_table")
_TABLE_OUT: Final = closed("to_csv to_parquet to_json")
_CHECKS: Final = closed("memmap sha256 md5 to_parquet tofile")
_SHARDS = re.compile(
    r"(?:^|_)(?:un|re)?(?:shard|shards|sharding|checksum|merge_shards|split_data\w{0,5})(?:$|_)"
)
_CHAT = re.compile(
    r"^(?:sft\w{0,20}|instruction\w{0,10}|conversations?|ignore_index|chat_template"
    r"|apply_chat_template|user_tokens|dialogue\w{0,10})$"
)
_DATA_WORDS: Final = closed(
    """data dataset datasets corpus preprocess preprocessing process processing prepare clean
    cleaning filter filtering dedup deduplicate crawl curation pipeline"""
)
_STEPS: Final = closed(  # words of folders that name a step of the work, not a data set
    """preprocess preprocessing process processing prepare preparation script scripts clean cleaning
    filter filtering dedup deduplication tool tools util utils src pipeline pipelines code data
    dataset datasets tokenize tokenizer corpus python lib common download crawl build text processor
    raw train training pretrain decontamination"""
)
_NOT_DATA_FOLDERS: Final = closed(
    """eval evals evaluation evaluate benchmark demo demos inference serve serving web chat finetune
    finetuning sft lora rlhf dpo model models modeling kernels export convert conversion"""
)


def preparation(path: str, facts: CodeFacts, around: Around) -> Role | None:
    """Whether the file turns raw or published data into training data, and how much of that."""
    if folder_words(path) & _NOT_DATA_FOLDERS or is_study(path) or is_speed(path):
        return None
    if any(base.endswith("Pipeline") for item in facts.classes for base in item.bases):
        return None  # inference code that tidies its prompts
    calls = frozenset(call.last for call in facts.calls)
    curated = facts.imported(*_CURATION)
    if not (calls & _WRITES or curated or facts.imported(*_SYNTHESIS)):
        return None
    if not (facts.main or "parse_args" in calls or not facts.functions or curated):
        return None
    return (
        _labelling(path, facts)
        or _cleaning(path, facts)
        or _synthesis(facts, around)
        or _packing(facts, calls, around)
        or _bookkeeping(path, facts, calls)
    )


_SEEDS = re.compile(
    r"^(?:seed_(?:task|instruction|prompt|example|question|topic|data)\w{0,20}|self_?instruct\w{0,20})$"
)
_REMOTE = re.compile(r"^(?:openai|anthropic|dashscope|zhipuai)(?:_\w{1,30})?$|^chatcompletion$")
_SELECTS = re.compile(r"(?:^|_)(?:filter\w{0,4}|post_?process|dedup\w{0,10}|similar\w{0,6})(?:$|_)")
_SIMILARITY = ("rouge_score", "rouge", "datasketch", "sentence_transformers", "rapidfuzz")


def _synthesis(facts: CodeFacts, around: Around) -> Role | None:
    """Training data made by asking another model, from seeds, with a selection of its answers."""
    seeds = any(_SEEDS.match(name) for name in facts.names)
    asks = any(_REMOTE.match(name) for name in facts.names)
    chosen = next((item for item in facts.functions if _SELECTS.search(item.name.lower())), None)
    if not (seeds and asks and (chosen or facts.imported(*_SIMILARITY))):
        return None
    line = chosen.line if chosen else next((call.line for call in facts.calls), 1)
    why = "makes training data with another model's answers to seeds, and filters them"
    return Role("data_preprocessing_code", not around.pretrains, "synthesis", line, why)


_LABELS = re.compile(
    r"(?:^|_|-)(?:pseudo[-_]?label\w{0,6}|auto[-_]?label\w{0,6}|(?:re-?)?caption(?:ing|er)?)(?:$|_|-)"
)
_ANSWERS: Final = closed("generate pipeline transcribe chat predict multinomial argmax")


def _labelling(path: str, facts: CodeFacts) -> Role | None:
    """Raw recordings or pictures that another model labels or captions, to be trained on."""
    if not _LABELS.search(stem(path)):
        return None
    answers = first(facts, lambda call: call.last in _ANSWERS)
    if answers is None and "generate" in facts.names:  # the method is handed on under a name
        answers = first(facts, lambda call: call.last in _WRITES)
    if answers is None:
        return None
    why = "labels raw data with a model, to be trained on"
    return Role("data_preprocessing_code", True, "label", answers.line, why)


def _cleaning(path: str, facts: CodeFacts) -> Role | None:
    marks = [item for item in facts.functions if _CLEANS.search(item.name.lower())]
    about_data = bool(words(path) & _DATA_WORDS)
    tool = next((name for name in sorted(facts.imports) if name.split(".")[0] in _CURATION), "")
    called = [call.last for call in facts.calls]
    only_tokens = "DocumentTokenizer" in called and not any(_CURATES.search(n) for n in called)
    strong = bool(tool) and (about_data or tool.split(".")[0] not in _LIGHT) and not only_tokens
    made = facts.imported(*_SYNTHESIS)
    if not (strong or made or (marks and about_data)):
        return None
    if not (tool or made) and any(_CHAT.match(name) for name in facts.names):
        return None  # formats a user's own conversations
    line = marks[0].line if marks else _line_of(facts, tool.split(".")[0])
    what = f"{marks[0].name}()" if marks else (tool or "a synthetic pipeline")
    if subset := _subset(path):
        why = f"cleans or makes one subset, {subset} ({what})"
        return Role("data_preprocessing_code", False, "subset", line, why)
    why = f"cleans or filters training data ({what})"
    return Role("data_preprocessing_code", True, "clean", line, why)


def _packing(facts: CodeFacts, calls: frozenset[str], around: Around) -> Role | None:
    if not (calls & _TOKENIZES and calls & _PACKS):
        return None
    if any(_CHAT.match(name) for name in facts.names) or _reads_chats(facts):
        return None
    fetch = first(facts, _fetches)
    if fetch and around.pretrains:
        why = f"downloads a corpus and writes it as training data ({fetch.last})"
        return Role("data_preprocessing_code", True, "prepare", fetch.line, why)
    packs = first(facts, lambda call: call.last in _PACKS)
    why = "tokenises and packs text into training files; no cleaning"
    return Role("data_preprocessing_code", False, "tokenize", packs.line if packs else 1, why)


def _reads_chats(facts: CodeFacts) -> bool:
    """Whether the records are conversations with roles, which only tuning data are."""
    keys = {lit.value for lit in facts.strings}
    return bool(keys & {"messages", "conversations"}) and bool(keys & {"assistant", "gpt", "role"})


def _fetches(call: Call) -> bool:
    """A call that brings a named corpus from elsewhere (loading local files does not)."""
    given = call.args[0] if call.args else ()
    named = any(lit.value not in _LOCAL and lit.value[:1] != "{" for lit in given)
    return named and bool(_FETCHES.search(call.name))


def _bookkeeping(path: str, facts: CodeFacts, calls: frozenset[str]) -> Role | None:
    """Shards put together, cut or checked; metadata columns of media files."""
    functions = [item for item in facts.functions if _SHARDS.search(item.name.lower())]
    if (functions or _SHARDS.search(stem(path))) and calls & _CHECKS:
        call = first(facts, lambda call: call.last in _CHECKS)
        line = functions[0].line if functions else (call.line if call else 1)
        why = "cuts, joins or checks shards of data"
        return Role("data_preprocessing_code", False, "shards", line, why)
    table = first(facts, lambda call: call.last in _TABLES)
    if table and facts.imported(*_MEDIA) and calls & _TABLE_OUT:
        why = "adds metadata columns to a table of media files"
        return Role("data_preprocessing_code", False, "metadata", table.line, why)
    return None


def _subset(path: str) -> str:
    """The data set that a folder under data/ is named for, "" where folders only name steps."""
    folders = path.split("/")[:-1]
    for index, folder in enumerate(folders[:-1]):
        if folder.lower() in ("data", "datasets"):
            inner = folders[index + 1]
            return "" if words(inner) & _STEPS else inner
    return ""


def _line_of(facts: CodeFacts, module: str) -> int:
    """A line that uses a module: its first call, else the first call at all."""
    used = first(facts, lambda call: bool(module) and call.name.startswith(module))
    return used.line if used else next((call.line for call in facts.calls), 1)


# --- supporting code -----------------------------------------------------------------------------

_TOKENIZER_NAME = re.compile(
    r"Tokenizer(?:Fast)?$|^(?:BPE\w{0,12}|Encoder|CharTokenizer|SentencePiece\w{0,20}|Alphabet"
    r"|Vocab(?:ulary)?)$"
)
_ENCODES: Final = closed("encode tokenize _tokenize bpe encode_ordinary")
_DECODES: Final = closed(
    "decode detokenize convert_tokens_to_string _convert_id_to_token decode_tokens"
)
_SAMPLERS = re.compile(r"(?:^|\.)(?:Sampler|BatchSampler|DistributedSampler|DataLoader)$")
_SHARD_READER = re.compile(r"(?:^|\.)(?:IterableDataset|DataPipeline|PipelineStage)$")
_INDEXED = re.compile(r"(?:MMap|Indexed|Packed|Memmap|MMAP|Streaming)\w{0,20}Dataset$")
_QUANT = re.compile(r"^_?(?:de)?quanti[sz]e|^(?:int4|int8|fp8)_|_(?:int4|int8|fp8)$")
_TIMERS: Final = closed("time perf_counter synchronize profile Timer elapsed_time")
_TUNING: Final = closed("finetune finetuning sft lora dpo")


def supporting(path: str, facts: CodeFacts) -> Role | None:
    """Own tokenizer, data loader, kernels, quantiser, parallel code; a speed benchmark in part."""
    if is_study(path):
        return None
    if is_speed(path):
        timed = first(facts, lambda call: call.last in _TIMERS)
        why = "measures the speed of the model"
        line = timed.line if timed else 0
        return Role("supporting_libraries", False, "speed", line, why) if timed else None
    for item in facts.classes:
        inherited = any("Tokenizer" in base for base in item.bases)
        encodes = item.methods & _ENCODES
        both = item.methods & _DECODES or {"encode", "tokenize"} <= encodes
        if encodes and (both or inherited) and _TOKENIZER_NAME.search(item.name):
            return _support("tokenizer", item.line, f"{item.name} is a tokenizer of its own")
    for function in facts.functions:
        if any(mark.endswith("triton.jit") for mark in function.decorators):
            why = f"defines accelerator kernels ({function.name})"
            return _support("kernels", function.line, why)
    return None if words(path) & _TUNING else _machinery(facts)


def _machinery(facts: CodeFacts) -> Role | None:
    for item in facts.classes:
        if _INDEXED.search(item.name) or any(_SAMPLERS.search(base) for base in item.bases):
            return _support("data_loader", item.line, f"{item.name} is a data loader of its own")
    for item in facts.classes if facts.imported("jax") else ():
        if item.name.endswith("Partitioner"):
            return _support("parallel", item.line, f"{item.name} spreads the model over devices")
    for item in facts.classes if facts.imported("webdataset") else ():
        if any(_SHARD_READER.search(base) for base in item.bases):
            return _support("data_loader", item.line, f"{item.name} reads shards in its own way")
    quantisers = [item for item in facts.functions if _QUANT.search(item.name) and not item.owner]
    if len(quantisers) >= 2:
        shown = ", ".join(item.name for item in quantisers[:4])
        return _support("quantizer", quantisers[0].line, f"defines a quantiser ({shown})")
    if facts.imported("torch.distributed"):
        for item in facts.classes:
            if any(base.endswith("autograd.Function") for base in item.bases):
                why = f"{item.name} is a collective or parallel operation of its own"
                return _support("parallel", item.line, why)
    return None


def _support(aspect: str, line: int, why: str) -> Role:
    return Role("supporting_libraries", True, aspect, line, why)
