# Blocks, strings, hashes, numbers, regular expressions, threads, fibers, processes, sockets, JSON, digests, ractors' absence.
require "json"
require "set"
require "digest"
require "socket"
require "stringio"
require "zlib"
require "tempfile"
require "open3"
require "time"
require "bigdecimal"
require "erb"
require "yaml"
puts RUBY_ENGINE, 2**200, 7.fdiv(3), Rational(1, 3) + 2, Complex(1, 2) * Complex(0, 1), BigDecimal("1.1") * 3
puts (1..20).each_slice(6).map(&:sum).inspect, %w[pear fig apple].sort_by { |w| [w.size, w] }.inspect
h = Hash.new { |hash, k| hash[k] = k < 2 ? k : hash[k - 1] + hash[k - 2] }
puts h[80], "été".upcase, "héllo".bytes.sum, "abc".encode("UTF-16LE").bytesize, "%08.3f|%+d|%x" % [3.14159, 5, 255]
puts "2024-02-29 and 1999-12-31".gsub(/(?<y>\d+)-(?<m>\d+)-(?<d>\d+)/) { "#{$~[:d]}.#{$~[:m]}.#{$~[:y]}" }
puts JSON.generate(JSON.parse('{"a": [1, 2.5, null, "x\u263a"]}')), YAML.dump({ "a" => [1, { "b" => nil }] })
puts Digest::SHA256.hexdigest("text"), Zlib.crc32("text"), Zlib::Inflate.inflate(Zlib::Deflate.deflate("y" * 1000)).size
Point = Struct.new(:x, :y) { def +(other) = Point.new(x + other.x, y + other.y) }
puts (Point.new(1, 2) + Point.new(3, 4)).inspect
case { name: "n", list: [1, [2, 3]] }
in { name: String => name, list: [Integer => a, [*, b]] } then puts "#{name} #{a} #{b}"
end
queue, total = Queue.new, 0
mutex = Mutex.new
workers = 4.times.map { Thread.new { while (x = queue.pop) != :end do mutex.synchronize { total += x } end } }
1000.times { |i| queue << i }
4.times { queue << :end }
workers.each(&:join)
puts total
fiber = Fiber.new { |x| loop { x = Fiber.yield(x * 2) } }
puts [1, 5, 9].map { |x| fiber.resume(x) }.inspect, Enumerator.produce(1) { |x| x * 3 }.lazy.select(&:odd?).first(5).inspect
out, status = Open3.capture2e("sort -n; exit 4", stdin_data: "3\n1\n")
puts out, status.exitstatus
r, w = IO.pipe
pid = fork { r.close; w.puts "from #{Process.ppid == 0 ? 0 : 'child'}"; exit!(7) }
w.close
puts r.read, Process.wait2(pid)[1].exitstatus
server = TCPServer.new("127.0.0.1", 0)
t = Thread.new { c = server.accept; c.puts c.gets.upcase; c.close }
TCPSocket.open("127.0.0.1", server.addr[1]) { |s| s.puts "hello"; puts s.read }
t.join
trap("USR1") { $got = true }
Process.kill("USR1", Process.pid)
sleep 0.01 until $got
puts "signal", ERB.new("<% 3.times do |i| %><%= i %>,<% end %>").result
begin
  Integer("x")
rescue ArgumentError => e
  puts e.message
ensure
  puts "ensured"
end
Tempfile.create("x") { |f| f.write("data" * 1000); f.flush; puts File.size(f.path), File.stat(f.path).mode.to_s(8) }
GC.start
puts ObjectSpace.respond_to?(:each_object), Time.at(0).utc.iso8601, (catch(:done) { 10.times { |i| throw :done, i if i == 3 } })
puts 100000.times.reduce { |a, b| (a * 31 + b) % 1000003 }, Math.sqrt(2).round(12), 0.1 + 0.2, 1e23, 123456789.123456789.to_s
