package org.zeroseg.eval.report;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.List;
import org.zeroseg.eval.report.Report.Chart;
import org.zeroseg.eval.report.Report.Curve;
import org.zeroseg.eval.report.Report.Row;
import org.zeroseg.eval.report.Report.Table;

/** A report as JSON with all digits, without pictures. */
final class ReportJson {

  private ReportJson() {}

  static String of(Report report) {
    JsonObject json = new JsonObject();
    json.addProperty("title", report.title());
    json.add("notes", array(report.notes().stream().map(JsonPrimitive::new).toList()));
    JsonObject all = new JsonObject();
    for (Table table : report.tables()) {
      JsonObject rows = new JsonObject();
      for (Row row : table.rows()) {
        JsonObject values = new JsonObject();
        for (int i = 0; i < table.columns().size(); i++) {
          values.add(table.columns().get(i), json(row.values().get(i)));
        }
        rows.add(row.name(), values);
      }
      all.add(table.title(), rows);
    }
    json.add("tables", all);
    JsonObject curves = new JsonObject();
    for (Chart chart : report.charts()) {
      JsonObject own = new JsonObject();
      for (Curve curve : chart.curves()) {
        own.add(
            curve.name(),
            array(
                curve.points().stream()
                    .map(point -> array(List.of(json(point.x()), json(point.y()))))
                    .toList()));
      }
      curves.add(chart.title(), own);
    }
    json.add("curves", curves);
    report
        .confusion()
        .ifPresent(
            matrix -> {
              JsonObject own = new JsonObject();
              own.add("names", array(matrix.names().stream().map(JsonPrimitive::new).toList()));
              own.add(
                  "shares",
                  array(
                      matrix.shares().stream()
                          .map(row -> array(row.stream().map(ReportJson::json).toList()))
                          .toList()));
              json.add("confusion", own);
            });
    return new GsonBuilder().setPrettyPrinting().create().toJson(json);
  }

  private static JsonElement json(double value) {
    return Double.isNaN(value) ? JsonNull.INSTANCE : new JsonPrimitive(value);
  }

  private static JsonArray array(List<? extends JsonElement> elements) {
    JsonArray array = new JsonArray();
    elements.forEach(array::add);
    return array;
  }
}
