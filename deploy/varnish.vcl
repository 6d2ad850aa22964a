# Varnish 7 in front of an application with responseCache({ edgeTtl }) and cacheMiddleware({ edge: varnish({ url }) }).
# It needs vmod xkey (Debian: varnish-modules). Change the backend and the list of purgers.
#
#   varnishd -F -a 127.0.0.1:6081 -f varnish.vcl -s malloc,256m
#
# What it does beside caching: tags and soft purges by Surrogate-Key, CDN-Cache-Control (RFC 9213),
# stale-while-revalidate and stale-if-error (RFC 5861), Cache-Group-Invalidation (RFC 9875), Cache-Status (RFC 9211).
vcl 4.1;

import std;
import xkey;

backend app {
  .host = "127.0.0.1";
  .port = "3000";
  .connect_timeout = 1s;
  .first_byte_timeout = 2s;
  .between_bytes_timeout = 2s;
  .max_connections = 200;
  # A dead application is noticed here, so that its visitors wait for no timeout.
  .probe = { .url = "/health/ready"; .interval = 1s; .timeout = 1s; .window = 4; .threshold = 2; .initial = 2; }
}

# The hosts of the application.
acl purgers { "127.0.0.1"; "::1"; }

sub vcl_recv {
  if (req.restarts == 0) { unset req.http.x-ech-mode; }
  if (req.method == "PURGE") {
    if (client.ip !~ purgers) { return (synth(405, "Not allowed")); }
    if (req.http.Surrogate-Key) {
      if (req.http.Soft-Purge) { set req.http.x-n = xkey.softpurge(req.http.Surrogate-Key); }
      else { set req.http.x-n = xkey.purge(req.http.Surrogate-Key); }
      return (synth(200, "Purged " + req.http.x-n));
    }
    return (purge);
  }
  if (req.http.x-ech-mode == "fetch") { set req.grace = 0s; }
}

sub vcl_hit {
  if (obj.ttl >= 0s) { return (deliver); }
  if (!std.healthy(req.backend_hint) || req.http.x-ech-mode == "stale") { return (deliver); }
  # Stale while revalidate, but not after a soft purge: then the answer is younger than its lifetime, and yet expired.
  if (obj.age >= std.duration(obj.http.x-ech-life, 0s) && obj.ttl + std.duration(obj.http.x-ech-swr, 0s) > 0s) { return (deliver); }
  if (req.restarts >= 2) { return (deliver); }
  set req.http.x-ech-mode = "fetch";
  return (restart);
}

sub vcl_backend_response {
  if (bereq.uncacheable) { return (deliver); }
  if (beresp.status >= 500 && beresp.status != 501) {
    # The old answer serves.
    if (bereq.is_bgfetch || bereq.http.x-ech-mode == "fetch") { return (abandon); }
    # One second releases the visitors who wait for the same answer.
    set beresp.ttl = 1s;
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    return (deliver);
  }
  # A targeted field replaces Cache-Control.
  if (beresp.http.CDN-Cache-Control) {
    set beresp.http.x-ech-cc = beresp.http.CDN-Cache-Control;
    if (beresp.http.x-ech-cc ~ "(?i)(no-store|no-cache|private)") {
      set beresp.ttl = 0s;
      set beresp.grace = 0s;
      set beresp.keep = 0s;
      set beresp.uncacheable = true;
      unset beresp.http.x-ech-cc;
      return (deliver);
    }
    if (beresp.http.x-ech-cc ~ "(?i)max-age=[0-9]+") {
      set beresp.ttl = std.duration(regsub(beresp.http.x-ech-cc, "(?i)^.*max-age=([0-9]+).*$", "\1s"), 0s) - std.duration(beresp.http.Age + "s", 0s);
    }
  } else {
    set beresp.http.x-ech-cc = beresp.http.Cache-Control;
    # Varnish would keep an answer that says nothing.
    if (!beresp.http.Cache-Control && !beresp.http.Expires) { set beresp.ttl = 0s; }
  }
  set beresp.grace = 0s;
  unset beresp.http.x-ech-swr;
  if (beresp.http.x-ech-cc ~ "(?i)stale-while-revalidate=[0-9]+") {
    set beresp.http.x-ech-swr = regsub(beresp.http.x-ech-cc, "(?i)^.*stale-while-revalidate=([0-9]+).*$", "\1s");
    set beresp.grace = std.duration(beresp.http.x-ech-swr, 0s);
  }
  if (beresp.http.x-ech-cc ~ "(?i)stale-if-error=[0-9]+") {
    if (std.duration(regsub(beresp.http.x-ech-cc, "(?i)^.*stale-if-error=([0-9]+).*$", "\1s"), 0s) > beresp.grace) {
      set beresp.grace = std.duration(regsub(beresp.http.x-ech-cc, "(?i)^.*stale-if-error=([0-9]+).*$", "\1s"), 0s);
    }
  }
  if (beresp.http.x-ech-cc ~ "(?i)(must-revalidate|proxy-revalidate)") { set beresp.grace = 0s; }
  # A duration as text lacks its unit.
  set beresp.http.x-ech-life = beresp.ttl + "s";
  set beresp.keep = 60s;
  unset beresp.http.x-ech-cc;
  if (beresp.http.Surrogate-Key) { set beresp.http.xkey = beresp.http.Surrogate-Key; }
  if (beresp.http.Cache-Groups) { set beresp.http.xkey = beresp.http.xkey + " " + regsuball(beresp.http.Cache-Groups, "[\x22,]", " "); }
  if (beresp.ttl <= 0s || beresp.http.Set-Cookie || beresp.http.Vary == "*" || (!beresp.http.CDN-Cache-Control && beresp.http.Cache-Control ~ "(?i)(no-cache|no-store|private)")) {
    # For 10 s visitors do not wait for each other.
    set beresp.ttl = 10s;
    set beresp.grace = 0s;
    set beresp.uncacheable = true;
  }
  return (deliver);
}

sub vcl_backend_error {
  if (bereq.is_bgfetch || bereq.http.x-ech-mode == "fetch") { return (abandon); }
  set beresp.ttl = 1s;
  set beresp.grace = 0s;
}

sub vcl_deliver {
  if (req.method != "GET" && req.method != "HEAD" && resp.status < 400 && resp.http.Cache-Group-Invalidation) {
    set req.http.x-n = xkey.purge(regsuball(resp.http.Cache-Group-Invalidation, "[\x22,]", " "));
  }
  unset resp.http.Surrogate-Key;
  unset resp.http.xkey;
  unset resp.http.CDN-Cache-Control;
  unset resp.http.x-ech-swr;
  unset resp.http.x-ech-life;
  unset resp.http.Via;
  unset resp.http.X-Varnish;
  if (obj.uncacheable) { set req.http.x-said = "varnish; fwd=bypass"; }
  elsif (obj.hits > 0) { set req.http.x-said = "varnish; hit; ttl=" + std.integer(real=std.real(duration=obj.ttl)); }
  else { set req.http.x-said = "varnish; fwd=miss; stored"; }
  # The application's own member stands before, unless it is as old as the stored answer.
  if (obj.hits > 0 || !resp.http.Cache-Status) { set resp.http.Cache-Status = req.http.x-said; }
  else { set resp.http.Cache-Status = resp.http.Cache-Status + ", " + req.http.x-said; }
  return (deliver);
}

sub vcl_synth {
  if (resp.status == 503 && req.http.x-ech-mode == "fetch" && req.restarts < 3) {
    set req.http.x-ech-mode = "stale";
    set req.grace = 365d;
    return (restart);
  }
}
