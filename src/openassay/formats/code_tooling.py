"""Data preparation and supporting code, told from syntax and path; see :mod:`code_roles`."""

from __future__ import annotations

import re
from typing import Final

from openassay.formats.code_roles import Around, Role, folder_words, is_speed, is_study, stem
from openassay.formats.path_words import words
from openassay.formats.pycode import CodeFacts

# --- from raw or published source to training-ready data -----------------------------------------

_CURATION: Final = (
    "datatrove", "text_dedup", "datasketch", "fasttext", "kenlm", "trafilatura", "warcio", "resiliparse",
    "simhash", "justext", "langdetect", "langid", "cld3", "pycld2", "lingua", "ftfy", "nemo_curator",
    "data_juicer", "dolma", "readability", "newspaper", "mwparserfromhell", "wikiextractor", "opencc",
    "hojichar", "scenedetect",
)  # fmt: skip
_SYNTHESIS: Final = ("distilabel", "bespokelabs", "curator", "nemo_skills")
_CLEANS = re.compile(
    r"(?:^|_)(?:de-?dup\w{0,12}|minhash|lsh|clean(?:_?up|ing|ed|_\w{1,20})?|quality_\w{1,20}|language_id|lang_?id|detect_lang\w{0,8}"
    r"|decontaminat\w{0,5}|pii|extract_text|boilerplate|remove_(?:dup|html|url|toxic|short|bad|opt)\w{0,20}|nsfw"
    r"|is_(?:bad|clean|valid|english|chinese|dup)\w{0,12}|filter_(?!by_length)\w{1,25}|normalize_text|perplexity_filter|scene_cut|compute_scores)(?:$|_)"
)
_WRITES: Final = frozenset(
    """to_json to_parquet to_csv save_to_disk push_to_hub tofile memmap writelines dump dumps write
    JsonlWriter ParquetWriter TarWriter ShardWriter TFRecordWriter add_item finalize save_file savez
    MMapIndexedDatasetBuilder make_builder write_table PackedDatasetBuilder MDSWriter""".split()
)
_TOKENIZES: Final = frozenset(
    """tokenizer encode encode_ordinary encode_batch encode_as_ids EncodeAsIds tokenize batch_encode_plus tokenize_function
    encode_ordinary_batch DocumentTokenizer Encoder group_texts""".split()
)
_PACKS: Final = frozenset(
    """memmap tofile save_to_disk add_item finalize MMapIndexedDatasetBuilder make_builder DocumentTokenizer
    PackedDatasetBuilder TFRecordWriter MDSWriter write_to_disk to_parquet""".split()
)
_FETCHES = re.compile(r"(?:^|\.)(?:load_dataset|requests\.get|urlretrieve|urlopen|download\w{0,12}|snapshot_download)$")
_MEDIA: Final = ("cv2", "decord", "av", "torchvision.io", "librosa", "torchaudio", "PIL", "soundfile", "moviepy", "imageio")
_TABLES: Final = frozenset({"read_csv", "read_parquet", "read_json", "read_table"})
_SHARDS = re.compile(r"(?:^|_)(?:un|re)?(?:shard|shards|sharding|checksum|merge_shards|split_data\w{0,5})(?:$|_)")
_CHAT = re.compile(
    r"^(?:sft\w{0,20}|instruction\w{0,10}|conversations?|ignore_index|chat_template|apply_chat_template|user_tokens|dialogue\w{0,10})$"
)
_GENERIC: Final = frozenset(
    """preprocess preprocessing process processing prepare preparation script scripts clean cleaning filter filtering
    dedup deduplication tool tools util utils src pipeline pipelines code data dataset datasets tokenize tokenizer
    corpus python lib common download crawl build text processor raw train training pretrain decontamination""".split()
)
_NOT_DATA_FOLDERS: Final = frozenset(
    """eval evals evaluation evaluate benchmark demo demos inference serve serving web chat finetune finetuning sft lora rlhf dpo
    model models modeling kernels export convert conversion""".split()
)


def preparation(path: str, facts: CodeFacts, around: Around) -> Role | None:
    """Whether the file turns raw or published data into training data, and how much of that."""
    if folder_words(path) & _NOT_DATA_FOLDERS or is_study(path) or is_speed(path):
        return None
    calls = {call.last for call in facts.calls}
    writes = calls & _WRITES
    curated = facts.imported(*_CURATION)
    if not (writes or curated or facts.imported(*_SYNTHESIS)):
        return None
    runnable = bool(facts.main) or "parse_args" in calls or not facts.functions or curated
    if not runnable:
        return None
    return _cleaning(path, facts) or _packing(facts, calls, around) or _bookkeeping(path, facts, calls)


def _cleaning(path: str, facts: CodeFacts) -> Role | None:
    marks = [item for item in facts.functions if _CLEANS.search(item.name.lower())]
    named = bool(words(path) & (_DATA_WORDS - {"tokenize"}))
    tool = next((name for name in sorted(facts.imports) if name.split(".")[0] in _CURATION), "")
    only_tokens = "DocumentTokenizer" in {call.last for call in facts.calls} and not any(
        re.search(r"Filter$|Dedup", call.last) for call in facts.calls
    )
    made = facts.imported(*_SYNTHESIS)
    if not ((tool and not only_tokens) or made or (marks and named)):
        return None
    if any(_CHAT.match(name) for name in facts.names) and not (tool or made):
        return None
    line = marks[0].line if marks else _line_of(facts, tool.split(".")[0])
    subset = _subset(path)
    what = f"{marks[0].name}()" if marks else (tool or "a synthetic pipeline")
    if subset:
        why = f"cleans or makes one subset, {subset} ({what})"
        return Role("data_preprocessing_code", False, "subset", line, why)
    return Role("data_preprocessing_code", True, "clean", line, f"cleans or filters training data ({what})")


_DATA_WORDS: Final = frozenset(
    """data dataset datasets corpus preprocess preprocessing process processing prepare clean cleaning filter filtering dedup deduplicate
    crawl curation tokenize pipeline""".split()
)


def _packing(facts: CodeFacts, calls: set[str], around: Around) -> Role | None:
    tokenizes = calls & _TOKENIZES or "tokenizer" in facts.names and "encode" in facts.names
    packs = calls & _PACKS
    if not (tokenizes and packs):
        return None
    formats = [name for name in facts.names if _CHAT.match(name)]
    if formats:
        return None
    line = next((call.line for call in facts.calls if call.last in packs), 1)
    fetched = [
        call
        for call in facts.calls
        if _FETCHES.search(call.name)
        and any(lit.value not in _LOCAL and not lit.value.startswith("{}") for lit in (call.args[0] if call.args else ()))
    ]
    if fetched and around.pretrains:
        why = f"downloads a corpus and writes it as training data ({fetched[0].last})"
        return Role("data_preprocessing_code", True, "prepare", fetched[0].line, why)
    why = "tokenises and packs text into training files; no cleaning"
    return Role("data_preprocessing_code", False, "tokenize", line, why)


_LOCAL: Final = frozenset("json csv text parquet arrow pandas".split())


def _bookkeeping(path: str, facts: CodeFacts, calls: set[str]) -> Role | None:
    """Shards put together, cut or checked; metadata columns of media files."""
    functions = [item for item in facts.functions if _SHARDS.search(item.name.lower())]
    if (functions or _SHARDS.search(stem(path))) and (calls & {"memmap", "sha256", "md5", "to_parquet", "tofile"}):
        line = functions[0].line if functions else next(
            (call.line for call in facts.calls if call.last in ("memmap", "sha256", "md5", "to_parquet")), 1
        )
        return Role("data_preprocessing_code", False, "shards", line, "cuts, joins or checks shards of data")
    if facts.imported(*_MEDIA) and calls & _TABLES and calls & {"to_csv", "to_parquet", "to_json"}:
        line = next((call.line for call in facts.calls if call.last in _TABLES), 1)
        return Role("data_preprocessing_code", False, "metadata", line, "adds metadata columns to a table of media files")
    return None


def _subset(path: str) -> str:
    """The data set that a folder under data/ is named for, "" where folders only name steps."""
    folders = path.split("/")[:-1]
    for index, folder in enumerate(folders[:-1]):
        if folder.lower() in ("data", "datasets"):
            inner = folders[index + 1]
            return "" if words(inner) & _GENERIC else inner
    return ""


def _line_of(facts: CodeFacts, module: str) -> int:
    """A line that uses a module: its first call, else the first call at all."""
    used = next((call.line for call in facts.calls if module and call.name.startswith(module)), 0)
    return used or next((call.line for call in facts.calls), 1)


# --- supporting code -----------------------------------------------------------------------------

_TOKENIZER_NAME = re.compile(r"Tokenizer(?:Fast)?$|^(?:BPE\w{0,12}|Encoder|CharTokenizer|SentencePiece\w{0,20})$")
_ENCODES = frozenset({"encode", "tokenize", "_tokenize", "bpe", "encode_ordinary"})
_DECODES = frozenset({"decode", "detokenize", "convert_tokens_to_string", "_convert_id_to_token", "decode_tokens"})
_SAMPLERS = re.compile(r"(?:^|\.)(?:Sampler|BatchSampler|DistributedSampler|DataLoader)$")
_INDEXED = re.compile(r"(?:MMap|Indexed|Packed|Memmap|MMAP|Streaming)\w{0,20}Dataset$")
_QUANT = re.compile(r"^_?(?:de)?quanti[sz]e|^(?:int4|int8|fp8)_|_(?:int4|int8|fp8)$")


def supporting(path: str, facts: CodeFacts) -> Role | None:
    """Own tokenizer, data loader, kernels, quantiser or parallel code."""
    if is_study(path) or is_speed(path):
        return None
    for item in facts.classes:
        inherited = any("Tokenizer" in base for base in item.bases)
        if _TOKENIZER_NAME.search(item.name) and item.methods & _ENCODES and (item.methods & _DECODES or inherited):
            why = f"{item.name} is a tokenizer of its own"
            return Role("supporting_libraries", True, "tokenizer", item.line, why)
    kernels = [item for item in facts.functions if any(mark.endswith("triton.jit") or mark == "triton.jit" for mark in item.decorators)]
    if kernels:
        why = f"defines accelerator kernels ({kernels[0].name})"
        return Role("supporting_libraries", True, "kernels", kernels[0].line, why)
    if words(path) & {"finetune", "finetuning", "sft", "lora", "dpo"}:
        return None
    return _machinery(path, facts)


def _machinery(path: str, facts: CodeFacts) -> Role | None:
    for item in facts.classes:
        if _INDEXED.search(item.name) or any(_SAMPLERS.search(base) for base in item.bases):
            why = f"{item.name} is a data loader of its own"
            return Role("supporting_libraries", True, "data_loader", item.line, why)
    quantisers = [item for item in facts.functions if _QUANT.search(item.name) and not item.owner]
    if len(quantisers) >= 2:
        shown = ", ".join(item.name for item in quantisers[:4])
        return Role("supporting_libraries", True, "quantizer", quantisers[0].line, f"defines a quantiser ({shown})")
    if facts.imported("torch.distributed"):
        for item in facts.classes:
            if any(base.endswith("autograd.Function") for base in item.bases):
                why = f"{item.name} is a collective or parallel operation of its own"
                return Role("supporting_libraries", True, "parallel", item.line, why)
    return None
