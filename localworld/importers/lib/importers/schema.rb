# frozen_string_literal: true

require "json"

module Importers
  # Judges data by schema/bills.schema.json. Knows the keywords of JSON Schema that the file uses, and says so of any other.
  class Schema
    PATH = File.join(ROOT, "schema/bills.schema.json")
    TYPES = { "object" => Hash, "array" => Array, "string" => String, "integer" => Integer, "null" => NilClass }.freeze
    NOTES = %w[$schema $defs title description].freeze

    def initialize(schema = JSON.parse(File.read(PATH)))
      @root = schema
    end

    # What breaks the schema, as texts without any value; empty when nothing does.
    def breaches(data, schema = @root, path = "$")
      schema.flat_map do |keyword, rule|
        NOTES.include?(keyword) ? [] : judge(keyword, rule, data, schema, path)
      end
    end

    private

    def judge(keyword, rule, data, schema, path)
      case keyword
      when "$ref" then breaches(data, @root.dig(*rule.delete_prefix("#/").split("/")), path)
      when "properties" then members(rule, data, path)
      when "items" then data.is_a?(Array) ? data.each_with_index.flat_map { |item, n| breaches(item, rule, "#{path}[#{n}]") } : []
      else fits?(keyword, rule, data, schema) ? [] : ["#{path}: #{keyword}"]
      end
    end

    def members(properties, data, path)
      return [] unless data.is_a?(Hash)

      properties.flat_map { |name, rule| data.key?(name) ? breaches(data[name], rule, "#{path}.#{name}") : [] }
    end

    def fits?(keyword, rule, data, schema)
      case keyword
      when "type" then Array(rule).any? { |type| data.is_a?(TYPES.fetch(type)) }
      when "required" then !data.is_a?(Hash) || (rule - data.keys).empty?
      when "additionalProperties" then !data.is_a?(Hash) || (data.keys - schema["properties"].keys).empty?
      when "pattern" then !data.is_a?(String) || Regexp.new(rule).match?(data)
      when "minimum" then !data.is_a?(Integer) || data >= rule
      else raise NotImplementedError, "schema keyword #{keyword}"
      end
    end
  end
end
