"""A window over new tokens alone, in what a long answer costs: the prompt stays, and the answer stops growing."""

import vtok

#: Bytes of keys and values of one position in all 12 layers of Unlimited-OCR's language model, in f16.
A_POSITION = 12 * 2 * 10 * 128 * 2


def answered(new, model="unlimited-ocr"):
    return vtok.cost((1600, 1200), model, "rtx-4090", new_tokens=new)


def test_the_whole_prompt_is_kept_and_no_more_than_the_window_of_the_answer():
    short, long, longer = answered(1), answered(129), answered(5000)
    prompt = short.context.visual + short.context.structural + short.context.text
    assert prompt > 1000
    assert short.memory.kv_cache == prompt * A_POSITION
    assert long.memory.kv_cache == longer.memory.kv_cache == (prompt + 127) * A_POSITION


def test_a_new_token_costs_the_same_however_long_the_answer_is():
    some, many = answered(1000), answered(5000)
    assert some.flops.decode == many.flops.decode
    assert some.moved.decode == many.moved.decode
    assert answered(1000, "deepseek-ocr").flops.decode < answered(5000, "deepseek-ocr").flops.decode
