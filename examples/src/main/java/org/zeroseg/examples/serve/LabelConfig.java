package org.zeroseg.examples.serve;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;
import org.zeroseg.core.Vocabulary;

/**
 * What a project of Label Studio asks for: the first control of brushes or polygons, and the
 * picture that it is about.
 *
 * @param polygons whether outlines are drawn, else brushes
 * @param control the control's name
 * @param image the picture's name
 * @param field of a task's data that holds the picture
 * @param labels what is looked for, as labels are called in the project; their {@code
 *     predicted_values} are synonyms
 */
record LabelConfig(
    boolean polygons,
    String control,
    String image,
    String field,
    List<Vocabulary.Category> labels) {

  private static final String FIELD = "label_config";

  /** Characters of a configuration. */
  private static final int LONGEST = 1 << 20;

  static LabelConfig parse(String xml) {
    if (xml.length() > LONGEST) {
      throw Refusal.of(FIELD, "at most " + LONGEST + " characters", xml.length() + " characters");
    }
    Document document = document(xml);
    Map<String, String> images = new HashMap<>();
    for (Element image : elements(document, "Image")) {
      images.put(image.getAttribute("name"), image.getAttribute("value"));
    }
    Optional<Element> found =
        Stream.concat(
                elements(document, "BrushLabels").stream(),
                elements(document, "PolygonLabels").stream())
            .filter(control -> images.containsKey(control.getAttribute("toName")))
            .findFirst();
    Element control =
        found.orElseThrow(
            () ->
                Refusal.of(FIELD, "BrushLabels or PolygonLabels for an Image", "no such control"));
    String image = control.getAttribute("toName");
    String value = images.get(image);
    if (!value.startsWith("$")) {
      throw Refusal.of(FIELD, "the value of the Image as $ and a field of the tasks", value);
    }
    return new LabelConfig(
        control.getTagName().equals("PolygonLabels"),
        control.getAttribute("name"),
        image,
        value.substring(1),
        labels(control));
  }

  private static List<Vocabulary.Category> labels(Element control) {
    List<Vocabulary.Category> labels = new ArrayList<>();
    for (Element label : elements(control, "Label")) {
      String name = label.getAttribute("value");
      List<String> synonyms =
          Stream.of(label.getAttribute("predicted_values").split(",", -1))
              .map(String::strip)
              .filter(word -> !word.isEmpty() && !word.equalsIgnoreCase(name.strip()))
              .toList();
      try {
        labels.add(new Vocabulary.Category(name, synonyms));
      } catch (IllegalArgumentException e) {
        throw Refusal.of(FIELD, "a value for each Label", name);
      }
    }
    if (labels.isEmpty()) {
      throw Refusal.of(FIELD, "at least one Label", "none");
    }
    return labels;
  }

  private static List<Element> elements(Document document, String tag) {
    return list(document.getElementsByTagName(tag));
  }

  private static List<Element> elements(Element parent, String tag) {
    return list(parent.getElementsByTagName(tag));
  }

  private static List<Element> list(NodeList nodes) {
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      elements.add((Element) nodes.item(i));
    }
    return elements;
  }

  /** Without document types, and so without entities: nothing is read besides, nothing grows. */
  private static Document document(String xml) {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      factory.setExpandEntityReferences(false);
      DocumentBuilder builder = factory.newDocumentBuilder();
      builder.setErrorHandler(new DefaultHandler()); // the default one prints
      return builder.parse(new InputSource(new StringReader(xml)));
    } catch (SAXException | IOException e) {
      throw Refusal.of(FIELD, "XML without a document type", String.valueOf(e.getMessage()));
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException(e);
    }
  }
}
