-- Strings and patterns, tables, metatables, closures, coroutines, goto, integers and floats, errors, files, processes.
print(_VERSION, math.maxinteger, 7 // 2, 7 / 2, -7 % 3, 1 << 62, 3 | 5 ~ 1, 1e300 * 1e10, -0.0, 2^53)
print(("%5.2f|%-8s|%08x|%q"):format(math.pi, "ab", 48879, "line\n\0"), #"\u{263a}", utf8.char(9786, 65))
print(("key=value, other=thing"):gsub("(%w+)=(%w+)", "%2=%1"), ("  trim  "):match("^%s*(.-)%s*$"), ("x"):rep(3, "-"))
for k, v in string.gmatch("a=1,b=2,c=3", "(%a)=(%d)") do io.write(k, v, " ") end
print(string.pack("<i4z", 100, "zero"):byte(1, -1))
local Account = {}
Account.__index = Account
function Account.new(b) return setmetatable({balance = b}, Account) end
function Account:deposit(x) if x < 0 then error({code = x}) end self.balance = self.balance + x return self end
print(Account.new(5):deposit(7).balance, select(2, pcall(Account.deposit, Account.new(0), -1)).code)
print(select(2, pcall(error, "text", 0)), select("#", table.unpack({1, nil, 3}, 1, 3)))
print(xpcall(function() local x = nil; return x.field end, function(m) return (m:gsub("^.-:%d+: ", "")) end))
local function permute(a, n)
  n = n or #a
  if n <= 1 then coroutine.yield(table.concat(a)) end
  for i = 1, n do a[n], a[i] = a[i], a[n] permute(a, n - 1) a[n], a[i] = a[i], a[n] end
end
local all = {}
for p in coroutine.wrap(function() permute({"a", "b", "c", "d"}) end) do all[#all + 1] = p end
table.sort(all)
print(#all, all[1], all[24])
local t = setmetatable({}, {__index = function(_, k) return k * 2 end, __call = function(_, a) return a + 1 end,
  __len = function() return 42 end, __close = function() print("closed") end, __tostring = function() return "T" end})
do local c <close> = t print(t[21], t(1), #t, tostring(t)) end
local weak = setmetatable({}, {__mode = "k"})
for i = 1, 100 do weak[{}] = i end
collectgarbage()
print(next(weak), collectgarbage("count") < 10000)
local sum, i = 0, 0
::again:: i = i + 1 sum = sum + i
if i < 1000 then goto again end
print(sum, math.type(1), math.type(1.0), math.tointeger(3.0), math.ult(1, -1), string.format("%a", 0.1))
local f = assert(io.open("/tmp/l", "w"))
for n = 1, 100 do f:write(n, "\t", n * n, "\n") end
f:close()
local total = 0
for a, b in io.lines("/tmp/l", "n", "n") do total = total + b end
print(total, io.popen("echo from; exit 3"):read("a"), os.execute("exit 5"))
print(load("return 1 +")) print(load("local a <const> = 5; return a * 2")())
print(os.time({year = 2024, month = 2, day = 29, hour = 12}), os.date("!%F", 0), os.getenv("USER"), os.rename("/no", "/way"))
