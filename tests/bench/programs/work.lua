-- Tables, strings, closures, metatables, coroutines, numbers.
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(fib(25))
local point = {}
point.__index = point
point.__add = function(a, b) return setmetatable({x = a.x + b.x, y = a.y + b.y}, point) end
local sum = setmetatable({x = 0, y = 0}, point)
for i = 1, 100000 do sum = sum + setmetatable({x = i, y = i / 2}, point) end
print(sum.x, sum.y)
local words = {}
for i = 1, 20000 do words[#words + 1] = string.format("%05d", i * 7919 % 100003) end
table.sort(words)
print(words[1], words[#words], #table.concat(words, ","))
local n = 0
for w in table.concat(words, " "):gmatch("%d*7%d*") do n = n + #w end
print(n)
local squares = coroutine.wrap(function() for i = 1, 50000 do coroutine.yield(i * i) end end)
local s = 0
for i = 1, 50000 do s = (s + squares()) % 1000007 end
print(s)
