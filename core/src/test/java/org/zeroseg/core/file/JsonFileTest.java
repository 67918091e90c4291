package org.zeroseg.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonFileTest {

  @TempDir Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("f.json"), text);
  }

  private String refusal(String text) throws IOException {
    Path file = file(text);
    String message =
        assertThrows(
                InvalidFileException.class,
                () -> JsonFile.object(file, json -> json.get("a").getAsInt()))
            .getMessage();
    assertTrue(message.startsWith(file + ": "), message);
    assertEquals(1, message.lines().count(), message);
    return message.substring(file.toString().length() + 2);
  }

  @Test
  void readsAnObject() throws IOException {
    assertEquals("3", JsonFile.object(file("\ufeff{\"a\": 3}\n "), j -> j.get("a").getAsString()));
  }

  @Test
  void refusesWhatFollowsTheDocument() throws IOException {
    for (String rest : new String[] {"{\"a\": 4}", "]", "x", "\n\n[]"}) {
      String message = refusal("{\"a\": 3}" + rest);
      assertTrue(message.contains("something follows the JSON document at line "), message);
    }
  }

  @Test
  void saysWhereItIsNotJson() throws IOException {
    assertTrue(refusal("{\"a\":\n NaN}").startsWith("is not JSON at line 2 column 2 ($.a)"));
    assertTrue(refusal("{a: 3}").startsWith("is not JSON at line 1"));
    assertTrue(refusal("{\"a\": TRUE}").startsWith("is not JSON at line 1"));
    assertTrue(refusal("{\"a\": [1, 2").startsWith("the JSON ends inside a value at line 1"));
    assertTrue(refusal("").startsWith("the JSON ends inside a value"));
  }

  @Test
  void saysWhatIsOfAnotherKind() throws IOException {
    assertEquals("is JSON of other values: lacks a value", refusal("{}"));
    assertTrue(refusal("[]").startsWith("is JSON of other values: expected an object"));
    assertTrue(refusal("{\"a\": \"x\"}").startsWith("is JSON of other values: For input"));
    assertTrue(refusal("{\"a\": {}}").startsWith("is JSON of other values: "));
  }

  @Test
  void refusesDeepNesting() throws IOException {
    String message = refusal("{\"a\":" + "[".repeat(1_000_000));
    assertTrue(message.startsWith("is JSON nested more than 200 deep"), message);
    String brackets = "[{".repeat(1000) + "\\\"[[";
    String text = "{\"a\": \"" + brackets + "\", \"b\": []}";
    assertEquals(
        brackets.replace("\\", ""), JsonFile.object(file(text), j -> j.get("a").getAsString()));
    String many = "[" + "[[]],".repeat(1000) + "[]]";
    assertEquals(
        many,
        JsonFile.object(file("{\"a\": " + many + "}"), j -> j.getAsJsonArray("a").toString()));
  }

  @Test
  void refusesWhatIsTooLongForAnObject() throws IOException {
    assertTrue(refusal("{\"a\":\"" + "x".repeat(1 << 22) + "\"}").contains("over 4194304 bytes"));
  }

  @Test
  void namesTheByteThatIsNotUtf8() throws IOException {
    Path file = folder.resolve("latin.json");
    Files.write(file, "{\"a\": \"caf\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1));
    for (JsonFile.Content<Integer> content :
        List.<JsonFile.Content<Integer>>of(
            json -> {
              json.skipValue();
              return 0;
            },
            json -> JsonParser.parseReader(json).hashCode())) {
      Exception e = assertThrows(InvalidFileException.class, () -> JsonFile.read(file, content));
      assertTrue(e.getMessage().startsWith(file + ": byte 10 (0xe9) is not UTF-8"));
    }
  }
}
