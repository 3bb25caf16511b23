"""What clip_files.py and siglip_files.py write down of the blocks of a vision transformer."""


def block_features(blocks, others, encode_image, images):
    """The patches behind each block as pictures [N, W, g, g] (`others` tokens precede them), and the gradient of the sum of their
    mean squares."""
    found = []
    # transformers' blocks return tuples, open_clip's have the tokens before the pictures.
    hooks = [block.register_forward_hook(lambda _, __, output: found.append(output[0] if isinstance(output, tuple) else output))
             for block in blocks]
    leaf = images.clone().requires_grad_()
    encode_image(leaf)
    for hook in hooks:
        hook.remove()
    maps = []
    for tokens in found:
        tokens = tokens if len(tokens) == len(images) else tokens.transpose(0, 1)
        patches = tokens[:, others:].transpose(1, 2)
        side = round(patches.shape[2] ** 0.5)
        maps.append(patches.unflatten(2, (side, side)))
    if not maps:
        return {}
    sum(one.square().mean() for one in maps).backward()
    return {"features_gradient": leaf.grad, **{f"features.{i}": one.detach().contiguous() for i, one in enumerate(maps)}}
