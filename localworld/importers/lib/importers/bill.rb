# frozen_string_literal: true

module Importers
  # One bill as the output contract has it. Dates are Date, `amount` a decimal string, `meter_reading` [value, unit] or nil,
  # `pdf` what `save_pdf` gave, or nil.
  Bill = Struct.new(:account, :period_start, :period_end, :due_date, :amount, :currency, :meter_reading, :pdf, keyword_init: true) do
    def as_json
      value, unit = meter_reading
      {
        account: account, period_start: period_start.iso8601, period_end: period_end.iso8601, due_date: due_date.iso8601,
        amount: amount, currency: currency, meter_reading: meter_reading && { value: value, unit: unit },
        pdf: pdf&.path, pdf_sha256: pdf&.sha256
      }
    end
  end

  # A PDF in the output folder: `path` is relative to it, `content` its bytes.
  Pdf = Struct.new(:path, :sha256, :content, keyword_init: true)
end
