# frozen_string_literal: true

require "pdf-reader"
require "stringio"

module Importers
  module Gatherers
    # Halden District Heating: the portal lists documents; what a bill says stands in its PDF only.
    class Halden < Gatherer
      def gather
        page = follow(link!(login, "Documents"))
        all!(page, "table#documents tr.invoice").map { |row| bill(row) }
      end

      private

      def login
        page = get("login")
        form = form!(page, "form#login-form")
        field!(form, "user").value = username
        field!(form, "pass").value = password
        submit(form).tap { |answer| refused!(answer, "Sign-in failed") }
      end

      def bill(row)
        from, to = period(at!(row, "td.doc-period"), "%d.%m.%Y")
        pdf = save_pdf(at!(row, "a.doc-download")["href"], as: to.iso8601)
        said = PDF::Reader.new(StringIO.new(pdf.content)).pages.map(&:text).join("\n")
        Bill.new(
          account: read!(said, "Customer number"),
          period_start: from,
          period_end: to,
          due_date: date(read!(said, "Due date"), "%d.%m.%Y"),
          amount: money(read!(said, "Amount due")),
          currency: "NOK",
          meter_reading: reading(read!(said, "Meter reading")),
          pdf: pdf
        )
      end

      # What stands beside a label in the PDF's text.
      def read!(said, label)
        said[/^\s*#{Regexp.escape(label)}\s{2,}(\S.*?)\s*$/, 1] or raise SourceChanged.new("the PDF says no #{label}", at: here)
      end
    end
  end
end
