# frozen_string_literal: true

require "date"

module Importers
  # Reads dates, money and meter readings from texts. What cannot be read is a changed source, at the latest lookup.
  module Reading
    # Text of an element (or a string), white space squeezed.
    def text(node)
      squish(node.respond_to?(:text) ? node.text : node.to_s)
    end

    # A Date in the given strptime format.
    def date(node, format)
      Date.strptime(text(node), format)
    rescue Date::Error
      unreadable("date")
    end

    # A pair of Dates around a dash.
    def period(node, format)
      from, to = text(node).split(/\s+[–-]\s+/, 2)
      [date(from, format), date(to, format)]
    end

    # A decimal string of money such as "$1,234.56", or with `decimal: ","` such as "1 234,56 Kč".
    def money(node, decimal: ".")
      number = decimal_in(text(node), decimal)
      number&.match?(/\A-?\d+\.\d\d\z/) ? number : unreadable("amount of money")
    end

    # Value and unit of a meter reading such as "48,213 kWh".
    def reading(node, decimal: ".")
      number = decimal_in(text(node), decimal)
      unit = text(node)[/[^\d\s,.-]\S*\z/]
      number && unit ? [number, unit] : unreadable("meter reading")
    end

    def squish(text)
      text.to_s.gsub(/[[:space:]]+/, " ").strip
    end

    private

    def decimal_in(text, decimal)
      grouping = decimal == "," ? /[ .]/ : /[ ,]/
      number = text[/\d[\d ,.]*/]&.strip&.gsub(grouping, "")&.tr(",", ".")
      # A credit has its sign before the currency or before the number.
      number && text.match?(/[-−]\s?\p{Sc}?\s?\d/) ? "-#{number}" : number
    end

    def unreadable(what)
      raise SourceChanged.new("no #{what} where one is expected", at: recorder.last)
    end
  end
end
