# Classes: attributes, methods, inheritance, exceptions, properties.


class Shape:
    def __init__(self, size):
        self.size = size

    @property
    def area(self):
        return self.size * self.factor()

    def factor(self):
        raise NotImplementedError


class Square(Shape):
    def factor(self):
        return self.size


class Odd(Shape):
    def factor(self):
        if self.size % 3 == 0:
            raise ValueError(self.size)
        return super().factor()


total = refused = missing = 0
for i in range(120000):
    shape = (Square, Odd)[i & 1](i % 1000)
    try:
        total += shape.area
    except ValueError as e:
        refused += e.args[0]
    except NotImplementedError:
        missing += 1
print(total, refused, missing)
