# Patterns with classes, repeats, groups and substitutions on generated text.
import re

text = " ".join(f"user{i}@host{i % 13}.example.org {i * 7919 % 10007} http://a.b/{i:x}?q={i}" for i in range(9000))
print(len(re.findall(r"[\w.]+@[\w.]+\.org", text)), len(re.findall(r"\b(\d)\d*\1\b", text)))
print(sum(map(len, re.split(r"[?=&/ ]+", text))), len(re.sub(r"(\d+)", lambda m: m[1][::-1], text)))
