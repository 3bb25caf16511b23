#!/usr/bin/env python3
"""Makes CLIP files with random weights, and what PyTorch says they compute:

    clip_files.py FOLDER CASE...

writes FOLDER/CASE.safetensors (or a folder CASE with its configuration) and FOLDER/CASE.expected, which is a safetensors
file too, and prints both paths, a case a line. `small` stands for all small cases; others are the names of published
architectures. Networks are open_clip's and transformers'; every parameter is random, so that none can be forgotten.
"""
import json
import pathlib
import sys

import open_clip
import torch
from open_clip.model import CLIP, CustomTextCLIP, convert_weights_to_lp
from safetensors.torch import save_file
from timm.models import register_model
from timm.models.eva import Eva
from transformers import CLIPConfig, CLIPModel

from block_features import block_features

TEXTS = ["a photo of a cat", "Ünïcode &amp; “emoji” 🎨, it's 42!", "one red heart two blue fish " * 5]
OPENAI = ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])
HALF = ([0.5] * 3, [0.5] * 3)


def randomise(model):
    for name, p in model.named_parameters():
        if p.ndim == 1:
            p.data.normal_(1.0 if name.endswith("weight") and p.numel() > 1 else 0.0, 0.1)
        elif "embedding" in name:
            p.data.normal_(0.0, 0.1)
    for name, p in model.named_parameters():
        # timm's own initial values leave next to nothing of the picture in the embedding.
        if name.startswith("visual.trunk.") and p.ndim == 2:
            p.data.normal_(0.0, (2 * p.shape[-1]) ** -0.5)
    for name, b in model.named_buffers():
        if name.endswith("running_mean"):
            b.normal_(0.0, 0.1)
        elif name.endswith("running_var"):
            b.uniform_(0.5, 1.5)
    return model.eval().requires_grad_(False)


def openai_buffers(model):
    """What only OpenAI's own files hold."""
    return {"input_resolution": torch.tensor(model.visual.image_size if isinstance(model.visual.image_size, int)
                                             else model.visual.image_size[0]),
            "context_length": torch.tensor(77), "vocab_size": torch.tensor(49408)}


def own_memory(tensors):
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def normalised(images, normalisation):
    mean, deviation = (torch.tensor(v, dtype=images.dtype).view(1, 3, 1, 1) for v in normalisation)
    return (images - mean) / deviation


def with_gradient(encode_image, images, mix, normalisation):
    images = images.clone().requires_grad_()
    embeddings = encode_image(normalised(images, normalisation))
    (embeddings * mix).sum().backward()
    return embeddings.detach(), images.grad


def blocks_of(visual):
    """Of open_clip's vision transformers and of timm's; none of ResNets."""
    if hasattr(visual, "trunk"):
        return visual.trunk.blocks
    return visual.transformer.resblocks if hasattr(visual, "transformer") else []


def expect(path, encode_image, encode_text, embed, size, normalisation, blocks, batch=2, in_double=None):
    torch.manual_seed(2)
    images, mix = torch.rand(batch, 3, size, size), torch.randn(batch, embed)
    tensors = {"images": images, "mix": mix, "text_embeddings": encode_text(open_clip.tokenize(TEXTS)).detach().contiguous()}
    tensors["image_embeddings"], tensors["gradient"] = with_gradient(encode_image, images, mix, normalisation)
    tensors.update(block_features(blocks[:-1], 1, lambda x: encode_image(normalised(x, normalisation)), images))
    if in_double is not None:
        # In float, a unit of a ReLU that is all but zero has a slope of 0 or 1 depending on the last bit: with millions of units
        # PyTorch's gradients with and without oneDNN differ by up to 1e-3. In double nothing is that near to zero.
        tensors["image_embeddings_double"], tensors["gradient_double"] = with_gradient(
            in_double.double().encode_image, images.double(), mix.double(), normalisation)
    save_file(tensors, path, {"texts": json.dumps(TEXTS)})


def open_clip_case(folder, name, config, quick, custom=False, half=False, wrap="", extra=(), sidecar=None, buffers=False,
                   published=False, suffix="safetensors"):
    torch.manual_seed(1)
    model = (CustomTextCLIP if custom else CLIP)(**config, quick_gelu=quick)
    randomise(model)
    if half:
        convert_weights_to_lp(model, torch.float16)
    tensors = model.state_dict()
    if buffers:
        tensors.update(openai_buffers(model))
    tensors = {wrap + k: v for k, v in tensors.items()}
    tensors.update(extra)
    path = folder / f"{name}.{suffix}"
    if sidecar:
        (folder / name).mkdir()
        path = folder / name / ("open_clip_model.safetensors" if suffix == "safetensors" else "open_clip_pytorch_model.bin")
        (folder / name / "open_clip_config.json").write_text(json.dumps(sidecar))
    if suffix == "safetensors":
        save_file(own_memory(tensors), path)
    else:
        # As training leaves them: with `wrap`, the network is a member beside what else there is.
        torch.save({"epoch": 32, "name": name, "state_dict": model.state_dict()} if wrap else tensors, path)
    del tensors
    model.float()
    normalisation = (sidecar["preprocess_cfg"]["mean"], sidecar["preprocess_cfg"]["std"]) if sidecar else OPENAI
    size = config["vision_cfg"]["image_size"]
    resnet = isinstance(config["vision_cfg"].get("layers"), list)
    expect(folder / f"{name}.expected", model.encode_image, model.encode_text, config["embed_dim"], size, normalisation,
           blocks_of(model.visual), batch=1 if published else 2, in_double=model if published and resnet else None)
    return path, folder / f"{name}.expected"


def transformers_case(folder, name, activation, normalisation):
    torch.manual_seed(1)
    tower = dict(hidden_act=activation, num_hidden_layers=2, projection_dim=48)
    model = CLIPModel(CLIPConfig(
        text_config=dict(tower, hidden_size=64, intermediate_size=160, num_attention_heads=1, eos_token_id=49407),
        vision_config=dict(tower, hidden_size=128, intermediate_size=512, num_attention_heads=2, image_size=32, patch_size=8),
        projection_dim=48))
    randomise(model)
    model.save_pretrained(folder / name, safe_serialization=True)
    (folder / name / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": normalisation[0], "image_std": normalisation[1]}))
    expect(folder / f"{name}.expected", model.get_image_features, model.get_text_features, 48, 32, normalisation,
           model.vision_model.encoder.layers)
    return folder / name / "model.safetensors", folder / f"{name}.expected"


def toy_eva02(name):
    """EVA02-CLIP as timm has it, small."""
    def create(num_classes, global_pool, **_):
        return Eva(num_classes=num_classes, global_pool=global_pool,
                   img_size=48, patch_size=16, embed_dim=128, depth=2, num_heads=2, qkv_fused=False, mlp_ratio=4 * 2 / 3, swiglu_mlp=True,
                   scale_mlp=True, scale_attn_inner=True, use_rot_pos_emb=True, ref_feat_shape=(16, 16))
    create.__name__, create.__module__ = name, __name__
    register_model(create)
    return dict(embed_dim=48, text_cfg=dict(width=64, heads=1, layers=2),
                vision_cfg=dict(image_size=48, timm_model_name=name, timm_pool="token", timm_proj=None))


def vit(width, layers=2, size=32, patch=8, head_width=64, mlp_ratio=4.0, embed=48):
    return dict(embed_dim=embed,
                vision_cfg=dict(image_size=size, layers=layers, width=width, patch_size=patch, head_width=head_width,
                                mlp_ratio=mlp_ratio),
                text_cfg=dict(width=64, heads=1, layers=2))


RESNET = dict(embed_dim=48, vision_cfg=dict(image_size=64, layers=[2, 1, 2, 1], width=8),
              text_cfg=dict(width=128, heads=2, layers=1))

SMALL = {
    "openai_vit": lambda f, n: open_clip_case(f, n, vit(128), quick=True, half=True, buffers=True),
    "openai_resnet": lambda f, n: open_clip_case(f, n, RESNET, quick=True, half=True, buffers=True),
    "gelu_vit": lambda f, n: open_clip_case(f, n, vit(192), quick=False),
    "gelu_resnet": lambda f, n: open_clip_case(f, n, RESNET, quick=False),
    "quickgelu_by_name": lambda f, n: open_clip_case(f, n, vit(64), quick=True),
    "custom_text": lambda f, n: open_clip_case(
        f, n, vit(64), quick=False, custom=True, wrap="state_dict.module.",
        extra={"optimizer.state.0.exp_avg": torch.zeros(3), "epoch": torch.tensor(7)}),
    "logit_bias": lambda f, n: open_clip_case(f, n, vit(64), quick=False, wrap="module.",
                                              extra={"module.logit_bias": torch.zeros(1)}),
    "told_beside": lambda f, n: open_clip_case(
        f, n, vit(64), quick=True,
        sidecar={"model_cfg": {"quick_gelu": True}, "preprocess_cfg": {"mean": HALF[0], "std": HALF[1]}}),
    "like_h": lambda f, n: open_clip_case(f, n, vit(1280, 1, 28, 14, 80), quick=False, half=True),
    "like_g": lambda f, n: open_clip_case(f, n, vit(1408, 1, 28, 14, 88, 4.3637), quick=False, half=True),
    "like_bigg": lambda f, n: open_clip_case(f, n, vit(1664, 1, 28, 14, 104, 4.9231), quick=False, half=True),
    "like_plus_240": lambda f, n: open_clip_case(f, n, vit(896, 1, 32, 16), quick=False, half=True),
    # The layouts of MetaCLIP's training checkpoints and of Apple's DFN files.
    "metaclip_b32_400m": lambda f, n: open_clip_case(f, n, vit(64), quick=True, wrap="state_dict.", suffix="pt"),
    "dfn5b_like_h_378": lambda f, n: open_clip_case(
        f, n, vit(1280, 1, 42, 14, 80), quick=True, half=True, suffix="bin",
        sidecar={"model_cfg": {"quick_gelu": True}, "preprocess_cfg": {"mean": OPENAI[0], "std": OPENAI[1]}}),
    "dfn2b_vit_b_16": lambda f, n: open_clip_case(f, n, vit(64), quick=True, suffix="bin"),
    "eva02": lambda f, n: open_clip_case(f, n, toy_eva02(n), quick=False, custom=True),
    "hf_gelu": lambda f, n: transformers_case(f, n, "gelu", OPENAI),
    "hf_quick_half": lambda f, n: transformers_case(f, n, "quick_gelu", HALF),
}


def published(folder, name):
    """Full size: OpenAI's like their own files, open_clip's larger ones in half precision."""
    config = open_clip.get_model_config(name)
    config.pop("custom_text", None)
    eva = name.startswith("EVA02")
    openai = not eva and not any(part in name for part in ("-H-", "-g-", "-bigG-"))
    return open_clip_case(folder, name, config, quick=openai, half=not eva, buffers=openai, published=True, custom=eva)


def main():
    folder = pathlib.Path(sys.argv[1])
    for argument in sys.argv[2:]:
        for name in SMALL if argument == "small" else [argument]:
            weights, expected = SMALL.get(name, published)(folder, name)
            print(weights, expected, sep="\t")


main()
