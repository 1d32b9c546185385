"""transformers' configurations with the catalog's sizes filled in: ``vtok.catalog.config_text`` the other way round."""

import re

import pytest

from vtok.catalog import config_groups, config_text, config_vision
from vtok.catalog.patterns import unrolled
from vtok.catalog.sizes import known

_TYPES = {name: kind for kind, name in config_text._LAYER_TYPES.items()}
_TYPES["full"] = "full_attention"
#: Classes whose names are not those of their configurations.
_WHOLE = {"MiniMaxM3VL": "MiniMaxM3SparseForConditionalGeneration"}


def layers_of(pattern, count):
    """The kind of each of ``count`` layers, of a pattern such as "3 linear, 1 full" that repeats."""
    runs = re.findall(r"(?:(\d+) )?(\w+)", pattern)
    names = [name for times, name in runs for _ in range(int(times or 1))]
    return [names[index % len(names)] for index in range(count)]


def config_of(one, name, **changed):
    """The configuration of class ``name`` for the checkpoint ``one``; ``changed`` holds what the catalog does not.

    A key with dots goes into a part, such as ``text_config.use_bias``.
    """
    transformers = pytest.importorskip("transformers")
    cls = getattr(transformers, f"{name}Config")
    default = cls().to_dict()
    made = {"tie_word_embeddings": one.text.tied} if one.text.tied is not None else {}
    flat = "text_config" not in default
    text = _part(transformers, default if flat else default["text_config"], one.text, config_text._TEXT, flat)
    # Names that a class takes beside those that it has.
    beside = {"global_head_dim": one.text.full_head_dim, "num_global_key_value_heads": one.text.full_kv_heads}
    text |= {key: value for key, value in beside.items() if value is not None}
    text |= {"attention_k_eq_v": True} if one.text.k_is_v else {}
    text |= _groups(one.text, default if flat else default["text_config"])
    text |= _pattern(one.text, default if flat else _defaults(transformers, default["text_config"], one.text.kind))
    made |= text if flat else {"text_config": text}
    if "vision_config" in default:
        vision = _part(transformers, default["vision_config"] or {}, one.vision, config_vision._VISION, False)
        for key, name in (("fullatt_block_indexes", "full_layers"), ("deepstack_visual_indexes", "deepstack")):
            if getattr(one.vision, name) is not None:
                vision[key] = list(getattr(one.vision, name))
        made["vision_config"] = vision
        made |= _second(transformers, default, one.vision)
        made |= _filled(default, known(one.vision), config_vision._JOINT)
    for key, value in changed.items():
        part, _, inner = key.rpartition(".")
        (made[part] if part else made)[inner] = value
    return cls(**made)


def _second(transformers, default, sizes):
    """Where a model has two encoders, the second one's part beside the first one's, or both within it."""
    if sizes.beside:
        return {"high_res_vision_config": _sam(transformers, {}, sizes.beside)}
    if not sizes.behind:
        return {}
    inside = default["vision_config"]
    second = _part(transformers, inside["encoder_config"], sizes.behind, config_vision._VISION, False)
    return {"vision_config": {"sam_config": _sam(transformers, inside["sam_config"], sizes), "encoder_config": second}}


def _sam(transformers, part, sizes):
    """SAM, whose windows are told in patches."""
    found = _part(transformers, part, sizes, config_vision._VISION, False)
    return {**found, "window_size": sizes.window // sizes.patch, "global_attn_indexes": list(sizes.full_layers)}


def _defaults(transformers, part, kind):
    """What the class of a part has; the part's own where the checkpoint is of that kind."""
    if kind is None or kind == part.get("model_type"):
        return part
    return transformers.AutoConfig.for_model(kind).to_dict()


def _part(transformers, part, sizes, names, flat):
    default = part if flat else _defaults(transformers, part, sizes.kind)
    found = _filled(default, known(sizes), names)
    if sizes.kind and not flat:
        found["model_type"] = sizes.kind
    return found


def _filled(default, values, names):
    """Each value under the first of its names that the class has."""
    found = {}
    for name, value in values.items():
        key = next((key for key in names.get(name, ()) if key in default), None)
        if key is not None:
            shape = default[key]
            found[key] = [value] * len(shape) if isinstance(shape, list | tuple) and isinstance(value, int) else value
    return found


def _groups(text, default):
    """Groups of sizes under the names that the class has."""
    found = {}
    for name, names in config_groups.NAMES.items():
        if getattr(text, name) is not None:
            found |= _filled(default, known(getattr(text, name)), names)
    if text.index and text.index.pattern:
        kinds = {"own": "full", "shared": "shared"}
        found["indexer_types"] = [kinds[one] for one in unrolled(text.index.pattern, text.layers)]
    if text.latent and text.latent.unturned:
        found["no_rope_layers"] = [int(index not in text.latent.unturned) for index in range(text.layers)]
    return found


def _pattern(text, default):
    if text.attention is None:
        return {}
    kinds = layers_of(text.attention, text.layers)
    if "cross" in kinds:
        return {"cross_attention_layers": [index for index, kind in enumerate(kinds) if kind == "cross"]}
    return {"layer_types": [_TYPES[kind] for kind in kinds]} if "layer_types" in default else {}


def parameters_of(config, name, but=None):
    """How many parameters the class ``name`` has, ``but`` for a part, counted without making them."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    kinds = (_WHOLE.get(name, f"{name}ForConditionalGeneration"), f"{name}ForCausalLM")
    cls = next(getattr(transformers, kind) for kind in kinds if hasattr(transformers, kind))
    with torch.device("meta"):
        model = cls(config)
    return sum(one.numel() for part, one in model.named_parameters() if but is None or but not in part)
