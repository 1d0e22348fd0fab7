"""What a page model makes of its leads, as a graph of its own in the same file: a page without one lead need not be seen anew.

The trunk sees every lead alone, so that without one lead all features but that lead's stay as they are. They are further outputs of the converted graph, and what is
made of them, a fiftieth of the work, can be asked by the signature `ecg_edge.classifier.runtime.HEAD`. Weights are shared: the file grows by its tables alone.
"""

import copy

from ecg_edge.classifier.runtime import HEAD

JOINT = b"_joint"
"""Part of the names of the tensors that hold the features of all leads of one member (`train.page_network.build`)."""


def with_head(data):
    """The .tflite bytes of a page model with the features of each member as outputs 1 … M, and the signature `HEAD` of inputs member0 … and the output `logits`.

    Raises
    ------
    ValueError : the graph has no such features, or its output is made of something besides.
    """
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(data))
    whole = model.subgraphs[0]
    features = [number for number, tensor in enumerate(whole.tensors) if JOINT in tensor.name]
    operators = _made_of(features, whole.operators)
    used = sorted({number for each in operators for number in (*each.inputs, *each.outputs)})
    made = {number for each in whole.operators for number in each.outputs}
    own = {*features, *(number for each in operators for number in each.outputs)}
    if not features or whole.outputs[0] not in own or (made | set(whole.inputs)) & set(used) - own:
        raise ValueError("the graph is no page model: its output is not made of the features of its leads alone")
    place = {number: new for new, number in enumerate(used)}
    head = schema.SubGraphT()
    head.name = HEAD
    head.tensors = [copy.deepcopy(whole.tensors[number]) for number in used]
    for each in head.tensors:
        each.name = b""  # nobody asks for them, and the file is smaller
    head.operators = [copy.deepcopy(each) for each in operators]
    for each in head.operators:
        each.inputs, each.outputs = ([place[number] for number in ends] for ends in (each.inputs, each.outputs))
    head.inputs, head.outputs = [place[number] for number in features], [place[whole.outputs[0]]]
    whole.outputs = [*whole.outputs, *features]
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = HEAD, len(model.subgraphs)
    names = [f"member{number}" for number in range(len(features))]
    signature.inputs = _named(schema, names, head.inputs)
    signature.outputs = _named(schema, ["logits"], head.outputs)
    model.subgraphs.append(head)
    model.signatureDefs = [*(model.signatureDefs or []), signature]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _made_of(features, operators):
    """Those of the operators, in their order, that need one of the tensors `features`, or what is made of them."""
    known, found = set(features), []
    for each in operators:
        if known & set(each.inputs) and not known & set(each.outputs):
            known |= set(each.outputs)
            found.append(each)
    return found


def _named(schema, names, tensors):
    """Tensors of a signature by name."""
    maps = []
    for name, number in zip(names, tensors, strict=True):
        found = schema.TensorMapT()
        found.name, found.tensorIndex = name, number
        maps.append(found)
    return maps
