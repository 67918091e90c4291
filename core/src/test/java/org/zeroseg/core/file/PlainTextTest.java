package org.zeroseg.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PlainTextTest {

  @Test
  void whatSteersATerminalIsSpeltOut() {
    assertEquals("a\\u001b[31mb\\u0007", PlainText.line("a\u001b[31mb\u0007"));
    assertEquals("a\\u009bb", PlainText.line("a\u009bb"));
    assertEquals("evil\\u202egnp.exe", PlainText.line("evil\u202egnp.exe"));
    assertEquals("a\\nb\\r\\n\\tc", PlainText.line("a\nb\r\n\tc"));
  }

  @Test
  void whatIsPlainStays() {
    String plain = "K\u00e4se, \u732b \ud83d\ude00 \\n 50 %";
    assertEquals(plain, PlainText.line(plain));
    assertEquals("a\n\tb\r\nc", PlainText.lines("a\n\tb\r\nc"));
    assertEquals("a\\rb\nc", PlainText.lines("a\rb\nc"));
  }

  @Test
  void aCellIsNoFormulaAndOneLine() {
    assertEquals("cat", PlainText.csvCell("cat"));
    assertEquals("'=1+2", PlainText.csvCell("=1+2"));
    assertEquals("\"'=HYPERLINK(\"\"x\"\")\"", PlainText.csvCell("=HYPERLINK(\"x\")"));
    assertEquals("'@x", PlainText.csvCell("@x"));
    assertEquals("'-x", PlainText.csvCell("-x"));
    assertEquals("' +x", PlainText.csvCell(" +x"));
    assertEquals("\"cat, \"\"dog\"\"\"", PlainText.csvCell("cat, \"dog\""));
    assertEquals("a\\nb", PlainText.csvCell("a\nb"));
  }
}
