package org.zeroseg.examples.serve;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is sent back.
 *
 * @param status of HTTP
 * @param type of the content
 * @param body the content
 * @param headers besides the usual
 */
@SuppressWarnings("ArrayRecordComponent") // not compared
record Answer(int status, String type, byte[] body, Map<String, String> headers) {

  static final String JSON = "application/json";

  static Answer of(String type, byte[] body) {
    return new Answer(200, type, body, Map.of());
  }

  static Answer json(int status, String text) {
    return new Answer(status, JSON, text.getBytes(StandardCharsets.UTF_8), Map.of());
  }

  Answer with(String header, String value) {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put(header, value);
    return new Answer(status, type, body, all);
  }
}
