# Digests, ciphers, keys, signatures, certificates, and TLS between s_server and s_client on loopback.
data=/tmp/data/text
for d in $(openssl list -digest-commands); do echo "$d $(openssl dgst -"$d" $data 2>&1 | sed 's/.*= //')"; done
for d in sha3-256 shake256 blake2b512 sm3 ripemd160; do openssl dgst -$d -r $data; done
for c in aes-128-cbc aes-256-ctr aes-192-ofb aes-128-cfb8 aes-256-ecb chacha20 camellia-256-cbc aria-128-ctr sm4-cbc des-ede3-cbc; do
  key=00112233445566778899aabbccddeeff0123456789abcdef0011223344556677
  case $c in aes-128*|sm4*|aria-128*) key=${key:0:32} ;; aes-192*|des*) key=${key:0:48} ;; esac
  iv=(-iv 0102030405060708090a0b0c0d0e0f10); case $c in *ecb) iv=() ;; des*) iv=(-iv 0102030405060708) ;; esac
  openssl enc -$c -K $key "${iv[@]}" -in $data -out sealed && openssl enc -d -$c -K $key "${iv[@]}" -in sealed | cmp - $data &&
    echo "$c $(md5sum < sealed)"
done
openssl enc -aes-256-cbc -pbkdf2 -iter 1000 -S 0102030405060708 -pass pass:secret -in $data | md5sum
openssl mac -macopt hexkey:00112233 -digest SHA256 -in $data HMAC
openssl kdf -keylen 32 -kdfopt pass:p -kdfopt salt:s -kdfopt n:1024 -kdfopt r:8 -kdfopt p:1 SCRYPT
openssl prime 100000000000000000000000000000000000133 1000000007
for k in "RSA -pkeyopt rsa_keygen_bits:1024" "EC -pkeyopt ec_paramgen_curve:P-256" "EC -pkeyopt ec_paramgen_curve:secp384r1" ED25519 ED448; do
  # shellcheck disable=SC2086
  openssl genpkey -algorithm $k -out key.pem 2>/dev/null && openssl pkey -in key.pem -pubout -out public.pem
  head -c 500 $data > small
  case $k in ED*) raw=-rawin ;; *) raw="-rawin -digest sha256" ;; esac
  # shellcheck disable=SC2086
  openssl pkeyutl -sign $raw -inkey key.pem -in small -out signature && openssl pkeyutl -verify $raw -pubin -inkey public.pem -in small -sigfile signature
  echo changed >> small
  # shellcheck disable=SC2086
  openssl pkeyutl -verify $raw -pubin -inkey public.pem -in small -sigfile signature 2>/dev/null; echo $?
done
for k in X25519 X448; do
  openssl genpkey -algorithm $k -out a.pem; openssl genpkey -algorithm $k -out b.pem
  openssl pkey -in a.pem -pubout -out a.pub; openssl pkey -in b.pem -pubout -out b.pub
  openssl pkeyutl -derive -inkey a.pem -peerkey b.pub -out ab; openssl pkeyutl -derive -inkey b.pem -peerkey a.pub | cmp - ab && echo $k agrees
done
openssl genrsa -out rsa.pem 2048 2>/dev/null && openssl rsa -in rsa.pem -check -noout
openssl dhparam -dsaparam -check 512 2>/dev/null | grep -c BEGIN
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout s.key -out s.crt -subj /CN=localhost -days 10 2>/dev/null
openssl verify -CAfile s.crt s.crt; openssl x509 -in s.crt -noout -subject -ext basicConstraints
for version in -tls1_2 -tls1_3; do
  rm -f server.log
  openssl s_server -accept 127.0.0.1:0 -cert s.crt -key s.key -rev > server.log 2>&1 &
  server=$!
  until port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' server.log 2>/dev/null) && [ -n "$port" ]; do sleep 0.05; done
  { echo 'a question'; sleep 1; } | openssl s_client -connect 127.0.0.1:"$port" -CAfile s.crt $version -quiet -no_ign_eof 2>/dev/null
  echo Q | openssl s_client -connect 127.0.0.1:"$port" -CAfile s.crt $version 2>/dev/null | grep -E '^(New|Verify|Server Temp|Peer sig)'
  kill $server; wait $server 2>/dev/null
done
true
