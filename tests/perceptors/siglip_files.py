#!/usr/bin/env python3
"""Makes SigLIP files with random weights and trained tokenizers, and what PyTorch says they compute; as clip_files.py:

    siglip_files.py FOLDER CASE...

writes a folder CASE with weights and tokenizer, and FOLDER/CASE.expected. `small` stands for all small cases. Others are open_clip's names
of published architectures, and `hf:NAME` for transformers' SiglipModel in the sizes of NAME (it takes transformers 4.37 or newer, and torch 2).
The texts are cleaned by open_clip and cut by the sentencepiece package.
"""
import io
import json
import pathlib
import sys

import open_clip
import sentencepiece
import timm
import torch
from open_clip.model import CustomTextCLIP
from open_clip.tokenizer import basic_clean, canonicalize_text, whitespace_clean
from safetensors.torch import save_file
from timm.models import VisionTransformer, register_model

from block_features import block_features

TEXTS = ["a photo of a cat", "Ünïcode &amp; “emoji” 🎨, it's 42!", "  Two_Red   HEARTS (or three)? "]
SHORT = ["a cat", "Red_heart!"]
LINES = ["a photo of a cat", "two red hearts", "it's a drawing of 42 blue fish", "the quick brown fox jumps over the lazy dog"]


def train_tokenizer(second):
    """Pieces and ids as in the tokenizer of T5, which SigLIP uses, or of Gemma, which SigLIP 2 uses."""
    model = io.BytesIO()
    common = dict(sentence_iterator=iter(LINES * 20), model_writer=model, hard_vocab_limit=False, minloglevel=2,
                  normalization_rule_name="identity" if second else "nmt_nfkc")
    if second:
        sentencepiece.SentencePieceTrainer.train(
            vocab_size=330, model_type="bpe", pad_id=0, eos_id=1, bos_id=2, unk_id=3, eos_piece="<eos>", bos_piece="<bos>",
            byte_fallback=True, add_dummy_prefix=False, remove_extra_whitespaces=False, **common)
    else:
        sentencepiece.SentencePieceTrainer.train(vocab_size=60, model_type="unigram", pad_id=0, eos_id=1, bos_id=-1, unk_id=2,
                                                 **common)
    return model.getvalue()


def token_ids(tokenizer, second, texts, context):
    pieces = sentencepiece.SentencePieceProcessor(model_proto=tokenizer)
    rows = []
    for text in texts:
        clean = whitespace_clean(basic_clean(text)).lower() if second else canonicalize_text(basic_clean(text))
        ids = pieces.encode(clean) + [1]
        assert len(ids) <= context, (text, len(ids))
        rows.append(ids + [0 if second else 1] * (context - len(ids)))
    return torch.tensor(rows)


def randomise(model):
    for name, p in model.named_parameters():
        if p.ndim < 2:
            p.data.normal_(1.0 if name.endswith("weight") and p.numel() > 1 else 0.0, 0.1)
        else:
            p.data.normal_(0.0, 0.1 if "embed" in name else (2 * p.shape[-1]) ** -0.5)
    return model.eval().requires_grad_(False)


def to_transformers(tensors):
    """The same network under the names of transformers' SiglipModel."""
    whole = {"patch_embed.proj": "embeddings.patch_embedding", "norm": "post_layernorm", "attn_pool.proj": "head.attention.out_proj",
             "attn_pool.norm": "head.layernorm", "attn_pool.mlp.fc1": "head.mlp.fc1", "attn_pool.mlp.fc2": "head.mlp.fc2"}
    block = {"norm1": "layer_norm1", "norm2": "layer_norm2", "ln_1": "layer_norm1", "ln_2": "layer_norm2", "attn.proj": "self_attn.out_proj",
             "attn.out_proj": "self_attn.out_proj", "mlp.fc1": "mlp.fc1", "mlp.fc2": "mlp.fc2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2"}
    result = {}
    for name, tensor in tensors.items():
        if not name.startswith(("visual.", "text.")):
            result[name] = tensor
            continue
        tower = "vision_model." if name.startswith("visual.") else "text_model."
        name = name.replace("visual.trunk.", "").replace("text.", "", 1)
        part, kind = name.rpartition(".")[::2]
        if name == "pos_embed":
            result[tower + "embeddings.position_embedding.weight"] = tensor[0]
        elif name == "positional_embedding":
            result[tower + "embeddings.position_embedding.weight"] = tensor
        elif name == "attn_pool.latent":
            result[tower + "head.probe"] = tensor
        elif part == "attn_pool.q":
            result[tower + f"head.attention.in_proj_{kind}"] = torch.cat([tensor, tensors[f"visual.trunk.attn_pool.kv.{kind}"]])
        elif part == "attn_pool.kv":
            pass
        elif part == "token_embedding":
            result[tower + "embeddings.token_embedding.weight"] = tensor
        elif part == "ln_final":
            result[tower + f"final_layer_norm.{kind}"] = tensor
        elif part == "text_projection":
            result[tower + f"head.{kind}"] = tensor
        elif part in whole:
            result[tower + f"{whole[part]}.{kind}"] = tensor
        else:
            layer, inner = name.replace("transformer.resblocks.", "blocks.").removeprefix("blocks.").split(".", 1)
            prefix = tower + f"encoder.layers.{layer}."
            if inner.startswith(("attn.qkv", "attn.in_proj")):
                for letter, third in zip("qkv", tensor.chunk(3)):
                    result[prefix + f"self_attn.{letter}_proj.{inner[-6:] if inner.endswith('weight') else 'bias'}"] = third
            else:
                result[prefix + f"{block[inner.rpartition('.')[0]]}.{kind}"] = tensor
    return result


def finish(folder, name, tensors, encode_image, encode_text, blocks, size, embed, context, second, texts):
    tokenizer = train_tokenizer(second)
    (folder / name).mkdir()
    (folder / name / ("tokenizer.model" if second else "spiece.model")).write_bytes(tokenizer)
    path = folder / name / "model.safetensors"
    save_file({key: tensor.clone().contiguous() for key, tensor in tensors.items()}, path)
    torch.manual_seed(2)
    images, mix = torch.rand(2, 3, size, size), torch.randn(2, embed)
    leaf = images.clone().requires_grad_()
    embeddings = encode_image((leaf - 0.5) / 0.5)
    (embeddings * mix).sum().backward()
    expected = {"images": images, "mix": mix, "image_embeddings": embeddings.detach(), "gradient": leaf.grad,
                "text_embeddings": encode_text(token_ids(tokenizer, second, texts, context)).detach()}
    expected.update(block_features(blocks, 0, lambda x: encode_image((x - 0.5) / 0.5), images))
    save_file({key: tensor.clone().contiguous() for key, tensor in expected.items()}, folder / f"{name}.expected", {"texts": json.dumps(texts)})
    return path, folder / f"{name}.expected"


def open_clip_case(folder, name, config, size, second=False, hf=False, wrap="", exact=False):
    torch.manual_seed(1)
    model = randomise(CustomTextCLIP(**config, init_logit_bias=-10))
    if not exact:  # timm's pooling has the exact one whatever the rest has
        model.visual.trunk.attn_pool.mlp.act = torch.nn.GELU(approximate="tanh")
    tensors = to_transformers(model.state_dict()) if hf else model.state_dict()
    context = config["text_cfg"]["context_length"]
    return finish(folder, name, {wrap + key: tensor for key, tensor in tensors.items()}, model.encode_image, model.encode_text,
                  model.visual.trunk.blocks, size, config["embed_dim"], context, second, TEXTS if context > 16 else SHORT)


def toy(model, size=32, patch=8, width=128, heads=2, text_width=64, text_heads=1, context=64, vocabulary=400, layers=2, mlp_ratio=4.0,
        exact=False):
    """open_clip's configuration of a small one, whose image tower timm gets to know by the name `model`."""
    def create(num_classes, global_pool, **_):
        return VisionTransformer(num_classes=num_classes, global_pool=global_pool,
                                 img_size=size, patch_size=patch, embed_dim=width, depth=layers, num_heads=heads, mlp_ratio=mlp_ratio,
                                 class_token=False, act_layer="gelu" if exact else "gelu_tanh")
    create.__name__, create.__module__ = model, __name__
    register_model(create)
    text = dict(context_length=context, vocab_size=vocabulary, width=text_width, heads=text_heads, layers=layers, mlp_ratio=mlp_ratio,
                no_causal_mask=True, proj_bias=True, pool_type="last", norm_kwargs={"eps": 1e-6})
    if not exact:
        text["act_kwargs"] = {"approximate": "tanh"}
    return dict(embed_dim=width, text_cfg=text, vision_cfg=dict(image_size=size, timm_model_name=model, timm_pool="map", timm_proj="none"))


SMALL = {
    "siglip": lambda f, n: open_clip_case(f, n, toy(n), 32),
    "siglip_hf": lambda f, n: open_clip_case(f, n, toy(n), 32, hf=True),
    "siglip_wrapped": lambda f, n: open_clip_case(f, n, toy(n), 32, wrap="state_dict."),
    "siglip_exact": lambda f, n: open_clip_case(f, n, toy(n, exact=True), 32, exact=True),
    "siglip2": lambda f, n: open_clip_case(f, n, toy(n), 32, second=True),
    "siglip2_hf": lambda f, n: open_clip_case(f, n, toy(n), 32, second=True, hf=True),
    "like_so400m": lambda f, n: open_clip_case(
        f, n, toy(n, 28, 14, 1152, 16, 1152, 16, context=16, layers=1, mlp_ratio=3.7362), 28),
    "like_giant": lambda f, n: open_clip_case(
        f, n, toy(n, 32, 16, 1536, 16, 1152, 16, layers=1), 32, second=True),
}


def published(folder, name):
    """Full size. The second generation's image towers were trained with the approximated activation, which timm leaves out."""
    config = open_clip.get_model_config(name)
    config.pop("custom_text", None)
    config.pop("init_logit_bias", None)
    second = "SigLIP2" in name
    if second:
        create = timm.create_model
        timm.create_model = lambda *args, **kwargs: create(*args, **dict(kwargs, act_layer="gelu_tanh"))
    exact = "act_kwargs" not in config["text_cfg"]
    return open_clip_case(folder, name + ("_exact" if exact else ""), config, config["vision_cfg"]["image_size"], second=second, exact=exact)


HF_SIZES = {  # vision: width, MLP, layers, heads, size, patch; text: width, MLP, layers, heads, context, vocabulary
    "toy": ((128, 512, 2, 2, 32, 8), (64, 256, 2, 1, 64, 400), False),
    "siglip-base-patch16-224": ((768, 3072, 12, 12, 224, 16), (768, 3072, 12, 12, 64, 32000), False),
    "siglip-so400m-patch14-384": ((1152, 4304, 27, 16, 384, 14), (1152, 4304, 27, 16, 64, 32000), False),
    "siglip2-base-patch16-224": ((768, 3072, 12, 12, 224, 16), (768, 3072, 12, 12, 64, 256000), True),
    "siglip2-large-patch16-256": ((1024, 4096, 24, 16, 256, 16), (1024, 4096, 24, 16, 64, 256000), True),
}


def transformers_case(folder, name):
    from transformers import SiglipConfig, SiglipModel
    vision, text, second = HF_SIZES[name.removeprefix("hf:")]
    keys = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    torch.manual_seed(1)
    model = randomise(SiglipModel(SiglipConfig(
        vision_config=dict(zip(keys, vision), image_size=vision[4], patch_size=vision[5]),
        text_config=dict(zip(keys, text), max_position_embeddings=text[4], vocab_size=text[5], projection_size=vision[0]))))
    return finish(folder, name.replace(":", "_"), model.state_dict(), lambda x: model.vision_model(x).pooler_output,
                  lambda x: model.text_model(x).pooler_output, model.vision_model.encoder.layers, vision[4], vision[0], text[4], second, TEXTS)


def main():
    folder = pathlib.Path(sys.argv[1])
    for argument in sys.argv[2:]:
        for name in SMALL if argument == "small" else [argument]:
            make = transformers_case if name.startswith("hf:") else SMALL.get(name, published)
            weights, expected = make(folder, name)
            print(weights, expected, sep="\t")


main()
