package org.zeroseg.eval.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.eval.report.Report.Row;
import org.zeroseg.eval.report.Report.Table;

class ReportTest {

  @TempDir Path folder;

  @Test
  void namesCommandNeitherTerminalNorSpreadsheet() throws IOException {
    Report report =
        new Report.Builder("set \u001b[31m")
            .notes(List.of("line\nbreak"))
            .table(
                new Table(
                    "Classes",
                    List.of("IoU"),
                    List.of(
                        Row.of("=1+1", 0.5),
                        Row.of("a,\"b\"", 1),
                        Row.of("c\r\nd", Double.NaN),
                        Row.of("\u001b[2J", 0))))
            .build();
    assertFalse(report.toString().contains("\u001b"), report.toString());
    Path csv = folder.resolve("report.csv");
    report.writeCsv(csv);
    assertEquals(
        List.of(
            "table,row,IoU",
            "Classes,'=1+1,0.5",
            "Classes,\"a,\"\"b\"\"\",1.0",
            "Classes,c\\r\\nd,",
            "Classes,\\u001b[2J,0.0"),
        Files.readAllLines(csv));
  }
}
