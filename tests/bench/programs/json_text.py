# Documents written and read, by C and by Python.
import json

document = [{"id": i, "name": f"name {i}", "tags": ["a", "b" * (i % 7)], "value": i / 7, "none": None,
             "nested": {"x": [i, -i, i * i], "y": {"deep": bool(i % 2)}}} for i in range(6000)]
text = json.dumps(document, sort_keys=True)
pretty = json.dumps(json.loads(text)[:400], indent=2)
print(len(text), len(pretty), json.loads(pretty) == document[:400])
