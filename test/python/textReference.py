"""Writes what Python makes of texts in many scripts: token ids of the `tokenizers` package and embeddings of onnxruntime.

usage: python textReference.py MODEL_FOLDER OUT_FOLDER   (MODEL_FOLDER holds minilm.onnx and tokenizer.json)

OUT_FOLDER gets:
  reference.json      [{text, ids, cut}]: token ids of each text, cut at 256 tokens and where tokenizer.json says
  embeddings.f32      a row of 384 floats for each text cut at 256 tokens, as the graph pools them
  first.f32           the same for the first token alone, of the first POOLED texts
  tokens.onnx         the graph without its pooling: an output 'hidden' [b, s, 384]
  characters.json     {code point: words}: what normalizer and pre-tokenizer make of 'a<character>b', where it is not one word unchanged
  others/NAME.json    small tokenizers of other kinds, others/NAME.ids.json: their ids of the texts
"""
import json
import random
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

POOLED = 64
MAX_LENGTH = 256

SENTENCES = {
    "latin": "The quick brown fox can't jump over 13 lazy dogs, e.g. Señor Müller's façade; naïve coöperation ÆŒß Đặng İstanbul ıI ﬁﬂ",
    "greek": "Ο ΤΑΧΥΣ ΑΛΕΠΟΥΣ πηδά πάνω από τον τεμπέλη ΣΚΥΛΟΣ ΟΔΟΣ Σίσυφος",
    "cyrillic": "Съешь же ещё этих мягких французских булок, да выпей чаю. ЁЖИК Їжак Ђорђе",
    "arabic": "صِف خَلقَ خَودِ كَمِثلِ الشَمسِ إِذ بَزَغَت، هل تعلم؟ ٱلْعَرَبِيَّة ١٢٣ ﷽",
    "hebrew": "עטלף אבק נס דרכו מזגן שהתפוצץ כי חם שָׁלוֹם ״ציטוט״ ק׳",
    "devanagari": "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा। क्षत्रिय ज्ञान १२३ ॐ",
    "thai": "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า กว่าบรรดาฝูงสัตว์เดรัจฉาน ๑๒๓ กำ",
    "chinese": "我能吞下玻璃而不伤身体。漢字，「引用」！𠀀𠀁𪜶𫝀 豈更 〇",
    "japanese": "いろはにほへと ちりぬるを ガギグゲゴ ｶﾞｷﾞｸﾞ 東京タワー、ＡＢＣ１２３・ー々",
    "korean": "키스의 고유조건은 입술끼리 만나야 하고 한국어 ㄱㄴㄷ 각",
    "emoji": "👩‍👩‍👧‍👦 family 🏳️‍🌈 flag 👍🏽 ok 🇩🇪 ☺️ 1️⃣ ❤️‍🔥 🧑🏿‍🚀 tail",
    "marks": "e\u0301 e\u0301\u0323 a\u0308\u0304 Z\u0351\u036b\u0343a\u0363l\u0327g\u030bo\u0334 \u1100\u1161\u11a8 \u0915\u093c \u1e9b\u0323 \u212b \u2126",
    "controls": "a\u0000b\u0007c\u0008d\te\nf\rg\u000bh\u000ci\u0085j\u00a0k\u00adl\u200bm\u200en\u2028o\u2029p\u202eq\u2060r\ufeffs\ufffdt\ue000u\U000f0000v",
    "symbols": "$100 €5 ±3 ©®™ ¿qué? «quote» “curly” ‘s’ — – … • ※ ½ ² ₂ ∑∫√ ≠ → ★ 🄰 ⓐ",
    "code": "const x = (a, b) => { return a?.b ?? `${c}` }; // TODO: foo_bar.baz(42) #!/usr/bin/env",
    "special": "[CLS] hello [MASK] world [SEP] [PAD][UNK] [mask] [ CLS ] ##ing",
    "url": "https://example.org/a/b?c=d&e=f#g user@example.org C:\\Users\\x 2024-02-29T12:00:00Z 3.14e-10",
    "georgian": "ვეპხის ტყაოსანი ᲒᲐᲛᲐᲠᲯᲝᲑᲐ Ⴀⴀ",
    "tamil": "யாமறிந்த மொழிகளிலே தமிழ்மொழி போல் இனிதாவது எங்கும் காணோம்",
    "mongolian": "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ ᠎ᠠ",
    "ethiopic": "ሰማይ አይታረስ ንጉሥ አይከሰስ። ፩፪፫",
    "gothic": "𐌼𐌰𐌲 𐌲𐌻𐌴𐍃 𐍀𐌹𐍄𐌰𐌽 𝕳𝖊𝖑𝖑𝖔 𝟙𝟚𝟛 𐐀𐐨",
}
EDGES = [
    "",
    " ",
    "\t\n\r",
    "\u3000\u00a0\u2003",
    "\u200b\ufeff\u00ad",
    "\u0301\u0301",
    ".",
    "a",
    "[MASK]",
    "a" * 100,
    "a" * 101,
    "ab" * 400,
    "é" * 101,
    "!" * 300,
    "漢" * 400,
    "unaffable electroencephalographically antidisestablishmentarianism",
    "supercalifragilisticexpialidocious" * 20,
    "That is a happy person",
    "That is a happy dog",
    "That is a very happy person",
    "Today is a sunny day",
]


def texts():
    chance = random.Random(5)
    words = [word for sentence in SENTENCES.values() for word in sentence.split(" ")]
    found = EDGES + list(SENTENCES.values())
    for sentence in SENTENCES.values():
        parts = sentence.split(" ")
        for _ in range(7):
            start = chance.randrange(len(parts))
            found.append(" ".join(parts[start : start + chance.randint(1, 8)]))
        found.append("".join(chance.choice(sentence) for _ in range(chance.randint(3, 60))))
        found.append(sentence.upper())
        found.append(sentence.lower())
    for length in [120, 126, 127, 128, 129, 200, 250, 253, 254, 255, 256, 257, 300, 600]:
        found.append(" ".join(["hello"] * length))
        found.append(" ".join(chance.choice(words) for _ in range(length // 4)))
    while len(found) < 340:
        found.append(" ".join(chance.choice(words) for _ in range(chance.randint(1, 30))))
    return found


def embed(session, encodings):
    """Rows of all texts, in runs of a like length."""
    order = sorted(range(len(encodings)), key=lambda row: len(encodings[row]))
    rows = [None] * len(encodings)
    for start in range(0, len(order), 16):
        run = order[start : start + 16]
        longest = max(len(encodings[row]) for row in run)
        ids = np.zeros((len(run), longest), np.int64)
        mask = np.zeros((len(run), longest), np.int64)
        for place, row in enumerate(run):
            ids[place, : len(encodings[row])] = encodings[row]
            mask[place, : len(encodings[row])] = 1
        (output,) = session.run(None, {"input_ids": ids, "attention_mask": mask})
        for place, row in enumerate(run):
            rows[row] = output[place]
    return rows


def without_pooling(source, target):
    model = onnx.load(source)
    makers = {output: node for node in model.graph.node for output in node.output}
    total = next(node for node in model.graph.node if node.op_type == "ReduceSum" and makers[node.input[0]].op_type == "Mul")
    product = makers[total.input[0]]
    hidden = product.input[0]
    kept = [node for node in model.graph.node if node.op_type not in ("ReduceSum", "Div", "LpNormalization") and node is not product]
    for node in kept:
        node.output[:] = ["hidden" if name == hidden else name for name in node.output]
    used = {name for node in kept for name in node.input}
    constants = [constant for constant in model.graph.initializer if constant.name in used]
    del model.graph.node[:], model.graph.output[:], model.graph.initializer[:]
    model.graph.node.extend(kept)
    model.graph.initializer.extend(constants)
    model.graph.output.append(onnx.helper.make_tensor_value_info("hidden", onnx.TensorProto.FLOAT, ["b", "s", 384]))
    onnx.save(model, target)


def characters(tokenizer):
    ranges = [range(0x0, 0xD800), range(0xE000, 0x12000), range(0x1B000, 0x1C000), range(0x1D000, 0x20100)]
    ranges += [range(start, start + 16) for start in (0x2A6D8, 0x2A6FC, 0x2A738, 0x2B734, 0x2B818, 0x2B918, 0x2CEA8, 0x2F7F8, 0x2FA18)]
    ranges += [range(0x30000, 0x30010), range(0xE0000, 0xE0200), range(0xF0000, 0xF0010), range(0x10FFF0, 0x110000)]
    found = {}
    for code in (code for part in ranges for code in part):
        text = f"a{chr(code)}b"
        words = [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))]
        found[code] = words if words != [text] else 0
    return found


def others(corpus):
    """Tokenizers of other kinds, trained on the texts themselves."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe = Tokenizer(models.BPE(unk_token=None))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=1000, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    bpe.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    bpe.enable_truncation(40)
    cased = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    cased.normalizer = normalizers.BertNormalizer(lowercase=False)
    cased.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    cased.train_from_iterator(corpus, trainers.WordPieceTrainer(vocab_size=1500, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"]))
    cased.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    cased.enable_truncation(20, direction="left")
    cased.enable_padding(direction="left")
    return {"bpe": bpe, "cased": cased}


def main(folder, out):
    (out / "others").mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    corpus = texts()
    cut = [encoding.ids for encoding in tokenizer.encode_batch(corpus)]
    tokenizer.enable_truncation(MAX_LENGTH)
    ids = [encoding.ids for encoding in tokenizer.encode_batch(corpus)]
    reference = [{"text": text, "ids": row, "cut": short} for text, row, short in zip(corpus, ids, cut)]
    (out / "reference.json").write_text(json.dumps(reference))
    session = onnxruntime.InferenceSession(folder / "minilm.onnx", providers=["CPUExecutionProvider"])
    np.stack(embed(session, ids)).astype(np.float32).tofile(out / "embeddings.f32")
    without_pooling(folder / "minilm.onnx", out / "tokens.onnx")
    unpooled = onnxruntime.InferenceSession(out / "tokens.onnx", providers=["CPUExecutionProvider"])
    first = [output[0] for output in embed(unpooled, ids[:POOLED])]
    np.stack(first).astype(np.float32).tofile(out / "first.f32")
    (out / "characters.json").write_text(json.dumps(characters(tokenizer)))
    for name, other in others(corpus).items():
        other.save(str(out / "others" / f"{name}.json"))
        other.no_padding()
        (out / "others" / f"{name}.ids.json").write_text(json.dumps([encoding.ids for encoding in other.encode_batch(corpus)]))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
