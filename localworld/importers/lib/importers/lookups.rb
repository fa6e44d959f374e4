# frozen_string_literal: true

module Importers
  # Questions that a gatherer asks of a page. Each is recorded; one that finds nothing raises SourceChanged.
  module Lookups
    # The first element that a CSS selector or XPath finds in a page or element.
    def at!(node, selector)
      search(node, selector, many: false).first
    end

    # All elements that a CSS selector or XPath finds, at least one.
    def all!(node, selector)
      search(node, selector, many: true)
    end

    # The form that a CSS selector finds.
    def form!(page, selector)
      node = page.parser.at_css(selector)
      found = page.forms.select { |form| form.form_node == node }
      ask(selector, kind: "form", found: found.size, part: page.parser)
      found.first
    end

    # The field of a form by its name.
    def field!(form, name)
      found = form.fields.select { |field| field.name == name }
      ask(name, kind: "field", found: found.size, part: form.form_node.document)
      found.first
    end

    # The link with exactly this text.
    def link!(page, text)
      found = page.links.select { |link| squish(link.text) == text }
      ask(text, kind: "link", found: found.size, part: page.parser)
      found.first
    end

    # The value in parsed JSON under keys joined by dots.
    def dig!(json, keys)
      value = keys.split(".").reduce(json) { |part, key| part[key] if part.is_a?(Hash) }
      many = value.is_a?(Array)
      found = many ? value.size : [value].compact.size
      step = recorder.step_of(json)
      ask(keys, kind: "json", many: many, found: found, part: json)
      [value, *(value if many)].each { |part| recorder.belongs(part, step) }
      value
    end

    private

    def search(node, selector, many:)
      node = node.parser if node.is_a?(Mechanize::Page)
      xpath = selector.start_with?("/", "./", "(")
      found = xpath ? node.xpath(selector) : node.css(selector)
      ask(selector, kind: xpath ? "xpath" : "css", many: many, found: found.size, part: node.document)
      found
    end

    def ask(selector, **how)
      lookup = recorder.lookup(selector, **how)
      raise SourceChanged.new("nothing matches #{selector}", at: lookup) if lookup.found.zero?
    end
  end
end
